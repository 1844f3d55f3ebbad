"""Create, change and duplicate a campaign."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.errors import IllegalMove
from campaigns.models import Campaign, Status, Step
from campaigns.plans import COLUMNS, Plan, plan_of


@transaction.atomic
def create(plan: Plan, *, by: Actor) -> Campaign:
    campaign = Campaign(created_by=by.id, **{name: getattr(plan, name) for name in COLUMNS})
    campaign.save(force_insert=True)
    _set_parts(campaign, plan)
    record(Event.CAMPAIGN_CREATED, by=by, about=campaign)
    return campaign


@transaction.atomic
def change(campaign: Campaign, plan: Plan, *, by: Actor, part: str = "") -> None:
    """Put the plan in place of what the campaign is made of; mail that was approved goes as approved."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status == Status.STOPPED:
        raise IllegalMove("A stopped campaign stays as it is. Duplicate it, or create a new one.")
    for name in COLUMNS:
        setattr(campaign, name, getattr(plan, name))
    campaign.save(update_fields=COLUMNS)
    _set_parts(campaign, plan)
    record(Event.CAMPAIGN_CHANGED, by=by, about=campaign, part=part or "all")


@transaction.atomic
def duplicate(campaign: Campaign, *, by: Actor) -> Campaign:
    """A draft that is made of the same; nobody is enrolled in it and nothing is spent."""
    name = f"{campaign.name[:112]} (copy)"
    copy = create(replace(plan_of(campaign), name=name), by=by)
    record(Event.CAMPAIGN_DUPLICATED, by=by, about=copy, of=str(campaign.pk))
    return copy


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
