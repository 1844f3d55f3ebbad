"""Writes to campaigns: create, change, launch, pause, stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.errors import IllegalMove, NotReady
from campaigns.models import Campaign, Stage, Status, Step
from campaigns.reactions import stop
from campaigns.readiness import missing
from campaigns.stages import ENDINGS, move_campaign
from keychain.models import Credential
from mailbox.models import Mailbox
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
class StepPlan:
    """One mail: the days to wait for an answer to the one before, and what it should say."""

    wait_days: int = 0
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is made of. The first step does not wait; the others are follow-ups."""

    name: str
    brief: dict[str, Any]
    writer: Credential | None
    mailboxes: list[Mailbox]
    steps: list[StepPlan] = field(default_factory=lambda: [StepPlan()])
    schedule: dict[str, Any] = field(default_factory=dict)
    daily_cap: int = 200
    writer_model: str = ""
    auditor: Credential | None = None
    auditor_model: str = ""
    budget_micros: int | None = None
    stops_company: bool = True


COLUMNS = [
    "name",
    "brief",
    "writer",
    "writer_model",
    "auditor",
    "auditor_model",
    "schedule",
    "daily_cap",
    "budget_micros",
    "stops_company",
]


@transaction.atomic
def create(plan: Plan, *, by: Actor) -> Campaign:
    campaign = Campaign(created_by=by.id, **{name: getattr(plan, name) for name in COLUMNS})
    campaign.save(force_insert=True)
    _set_parts(campaign, plan)
    record(Event.CAMPAIGN_CREATED, by=by, about=campaign)
    return campaign


@transaction.atomic
def change(campaign: Campaign, plan: Plan, *, by: Actor) -> None:
    """Put the plan in place of what the campaign is made of; mail that was approved goes as approved."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status == Status.STOPPED:
        raise IllegalMove("A stopped campaign stays as it is. Create a new one.")
    for name in COLUMNS:
        setattr(campaign, name, getattr(plan, name))
    campaign.save(update_fields=COLUMNS)
    _set_parts(campaign, plan)
    record(Event.CAMPAIGN_CHANGED, by=by, about=campaign)


def _set_parts(campaign: Campaign, plan: Plan) -> None:
    """The mailboxes and the steps. Steps keep their numbers, so that leads stay where they are."""
    campaign.mailboxes.set(plan.mailboxes)
    campaign.steps.filter(number__gt=len(plan.steps)).delete()
    steps = {step.number: step for step in campaign.steps.all()}
    for number, wanted in enumerate(plan.steps, start=1):
        step = steps.get(number) or Step(campaign=campaign, number=number)
        step.wait_days = wanted.wait_days if number > 1 else 0
        step.instructions = wanted.instructions
        step.save()


@transaction.atomic
def launch(campaign: Campaign, *, by: Actor) -> int:
    """Start or resume; enrolls whom the audience has gained. Raises `NotReady` with what is missing."""
    if lacks := missing(campaign):
        raise NotReady(" ".join(need.sentence for need in lacks))
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
