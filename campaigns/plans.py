"""What a campaign is made of, as plain values: the pages change a plan, actions put it in place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from campaigns.models import Campaign
from keychain.models import Credential
from mailbox.models import Mailbox

WORKING_HOURS = {"days": [0, 1, 2, 3, 4], "from": "08:30", "until": "17:30", "zone": "UTC"}


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
    writer: Credential | None = None
    mailboxes: list[Mailbox] = field(default_factory=list)
    steps: list[StepPlan] = field(default_factory=lambda: [StepPlan()])
    schedule: dict[str, Any] = field(default_factory=dict)
    daily_cap: int = 200
    writer_model: str = ""
    auditor: Credential | None = None
    auditor_model: str = ""
    budget_micros: int | None = None
    token_budget: int | None = None
    stops_company: bool = True
    brief_b: dict[str, Any] | None = None
    audience: dict[str, Any] = field(default_factory=dict)


COLUMNS = [
    "name",
    "brief",
    "brief_b",
    "audience",
    "writer",
    "writer_model",
    "auditor",
    "auditor_model",
    "schedule",
    "daily_cap",
    "budget_micros",
    "token_budget",
    "stops_company",
]


def plan_of(campaign: Campaign) -> Plan:
    """The campaign as it is stored."""
    steps = [StepPlan(step.wait_days, str(step.instructions)) for step in campaign.steps.order_by("number")]
    columns = {name: getattr(campaign, name) for name in COLUMNS}
    return Plan(**columns, mailboxes=list(campaign.mailboxes.all()), steps=steps or [StepPlan()])


def new_plan(zone: str = "UTC") -> Plan:
    """What a campaign begins as: working hours in the workspace's own time zone, and one follow-up."""
    steps = [StepPlan(), StepPlan(wait_days=3)]
    return Plan(name="", brief={}, steps=steps, schedule=WORKING_HOURS | {"zone": zone})


def apply(plan: Plan, changes: dict[str, Any]) -> Plan:
    """The plan with one part of it changed."""
    return replace(plan, **changes)
