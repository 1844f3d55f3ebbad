"""Campaigns for tests, made by the product's own actions."""

from __future__ import annotations

import re
from uuid import uuid4

from audit.actors import Actor
from campaigns import actions
from campaigns.approval import approve
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Verdict
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from mailbox.models import Delivery, Message
from tests.mail_world import a_lead, a_mailbox

LEADS = 30
BRIEF = {"offer": "We repair looms within a day.\nA first visit is free.", "goal": "A short call."}
PEOPLE = b"email,first_name,company\n" + b"".join(
    f"person{n}@firm{n}.test,Pat{n},Firm {n}\n".encode() for n in range(30)
)


def a_campaign(by: Actor) -> Campaign:
    """A campaign of two mails by the sandbox writer, not launched."""
    writer = Credential(kind=Kind.SANDBOX, label="Sandbox", secret=Secret("none"))
    writer.save()
    steps = [actions.StepPlan(), actions.StepPlan(wait_days=3)]
    plan = actions.Plan("Looms", BRIEF, writer, [a_mailbox()], steps)
    return actions.create(plan, by=by)


BODY = "Hello Ada,\n\nwe repair looms within a day."


def a_draft(by: Actor, *, body: str = BODY, campaign: Campaign | None = None) -> Draft:
    """A draft in review for one new lead, as the pipeline leaves it."""
    lead = a_lead(f"{uuid4().hex}@engines.test", first_name="Ada", company="Engines")
    enrollment = Enrollment(campaign=campaign or a_campaign(by), lead=lead, stage=Stage.IN_REVIEW, fit="yes")
    enrollment.save()
    draft = Draft(
        enrollment=enrollment,
        step=1,
        verdict=Verdict.IN_REVIEW,
        subject="A question for Engines",
        body=body,
        sentences=[{"start": 0, "end": 10, "sources": ["lead.first_name"]}],
        findings=[],
        is_clean=True,
    )
    draft.save()
    return draft


def a_call(by: Actor) -> StageRun:
    """One answered call about a draft."""
    enrollment = a_draft(by).enrollment
    run = StageRun(
        enrollment=enrollment,
        campaign=enrollment.campaign,
        stage=Stage.DRAFTING,
        provider=Kind.SANDBOX,
        model="templates",
        prompt_name="draft.v1",
        prompt="Write an email.",
        response="Hello.",
        input_tokens=900,
        output_tokens=80,
        cost_micros=0,
        outcome="answered",
    )
    run.save()
    return run


def a_sent_mail(by: Actor) -> tuple[Message, str]:
    """A mail that was approved and sent, and the token of its opt-out link."""
    message = approve(a_draft(by), by=by)
    Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENT)
    Enrollment.objects.filter(drafts__message=message).update(stage=Stage.SENT)
    link = re.search(rb"/o/([\w-]+)>", message.raw or b"")
    assert link is not None
    return message, link[1].decode()


def begun(by: Actor, url: str, *, leads: int = LEADS, companies: list[str] | None = None) -> Campaign:
    """A running campaign that asks the server."""
    writer = Credential(kind=Kind.COMPATIBLE, label="Local", secret=Secret("k"), endpoint=url)
    writer.save()
    names = companies or [f"Firm {number}" for number in range(leads)]
    for number, name in enumerate(names):
        a_lead(f"p{number}@firm{number}.test", first_name="James", company=name)
    plan = actions.Plan("Looms", BRIEF, writer, [a_mailbox()], writer_model="local", token_budget=10**9)
    campaign = actions.create(plan, by=by)
    actions.launch(campaign, by=by)
    return campaign
