"""Writes to campaigns: create, launch, pause, stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from accounts.models import WorkspaceProfile
from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.errors import NotReady
from campaigns.models import Campaign, Stage, Status, Step
from campaigns.reactions import stop
from campaigns.stages import ENDINGS, move_campaign
from keychain.models import Credential
from mailbox.models import Health, Mailbox
from tenants import bells

# Leads that are suppressed or have stopped are not enrolled; the claim of a send looks again.
ENROLL = """
    INSERT INTO enrollments (id, campaign_id, lead_id, stage, step, fit, stop_reason, problem, attempts,
                             due_at, created_at)
    SELECT gen_random_uuid(), %s, l.id, 'enrolled', 1, '', '', '', 0, now(), now()
    FROM leads l
    WHERE l.standing = 'open'
      AND NOT EXISTS (SELECT 1 FROM suppressions s
                      WHERE (NOT s.covers_domain AND s.index = l.email_index)
                         OR (s.covers_domain AND s.index = l.domain_index))
    ON CONFLICT (campaign_id, lead_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new campaign is made of; `waits` are the days before each follow-up."""

    name: str
    brief: dict[str, Any]
    writer: Credential
    mailboxes: list[Mailbox]
    waits: list[int] = field(default_factory=list)
    schedule: dict[str, Any] = field(default_factory=dict)
    daily_cap: int = 200


@transaction.atomic
def create(plan: Plan, *, by: Actor) -> Campaign:
    campaign = Campaign(
        name=plan.name,
        brief=plan.brief,
        writer=plan.writer,
        schedule=plan.schedule,
        daily_cap=plan.daily_cap,
        created_by=by.id,
    )
    campaign.save(force_insert=True)
    campaign.mailboxes.set(plan.mailboxes)
    Step(campaign=campaign, number=1, instructions="").save(force_insert=True)
    for number, days in enumerate(plan.waits, start=2):
        Step(campaign=campaign, number=number, wait_days=days, instructions="").save(force_insert=True)
    record(Event.CAMPAIGN_CREATED, by=by, about=campaign)
    return campaign


def missing(campaign: Campaign) -> list[str]:
    """What the campaign lacks before it can run, as sentences."""
    profile = WorkspaceProfile.objects.first()
    working = campaign.mailboxes.filter(health=Health.WORKING).exists()
    checks = [
        (campaign.steps.exists(), "Add at least one step."),
        (bool(campaign.brief.get("offer")), "Say in the brief what you offer."),
        (campaign.writer is not None, "Choose a key for the writer under Keychain."),
        (working, "Connect a mailbox that works."),
        (
            bool(profile and profile.postal_address.strip()),
            "Enter the workspace's postal address under Settings.",
        ),
    ]
    return [sentence for is_there, sentence in checks if not is_there]


@transaction.atomic
def launch(campaign: Campaign, *, by: Actor) -> int:
    """Start or resume; enrolls whom the audience has gained. Raises `NotReady` with what is missing."""
    if lacks := missing(campaign):
        raise NotReady(" ".join(lacks))
    move_campaign(campaign, Status.RUNNING, launched_at=timezone.now(), problem="")
    with connections["default"].cursor() as cursor:
        cursor.execute(ENROLL, [campaign.pk])
        enrolled = int(cursor.rowcount)
    record(Event.CAMPAIGN_LAUNCHED, by=by, about=campaign, enrolled=enrolled)
    for kind in ("pipeline", "send"):
        bells.ring(kind)
    return enrolled


@transaction.atomic
def pause(campaign: Campaign, *, by: Actor) -> None:
    """Nothing more is asked or sent until it is launched again."""
    move_campaign(campaign, Status.PAUSED)
    record(Event.CAMPAIGN_PAUSED, by=by, about=campaign)


@transaction.atomic
def stop_campaign(campaign: Campaign, *, by: Actor) -> None:
    """For good: every lead that has not ended is stopped, and waiting mail cancelled."""
    move_campaign(campaign, Status.STOPPED)
    open_ones = campaign.enrollments.exclude(stage__in=ENDINGS | {Stage.DISQUALIFIED})
    stop(list(open_ones), "campaign")
    record(Event.CAMPAIGN_STOPPED, by=by, about=campaign)
