"""What the page of model calls shows: one row a call, and the clock until its texts are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum
from django.http import QueryDict

from campaigns.llm import Provider
from campaigns.models import READING, Campaign, Stage, StageRun
from campaigns.prices import dollars
from paitho.lib.ids import as_uuid

SHOWN = 50
KEPT = timedelta(days=90)  # then prompt, response and the link to the lead go; the figures stay
ASKING = (Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING)
STAGES = dict([*((stage.value, str(stage.label)) for stage in ASKING), READING])


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls somebody looks at."""

    campaign: UUID | None = None
    stage: str = ""
    outcome: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filter:
        stage = query.get("stage", "")
        return cls(
            as_uuid(query.get("campaign", "")),
            stage if stage in STAGES else "",
            query.get("outcome", "")[:16],
        )

    def conditions(self) -> dict[str, object]:
        chosen = {"campaign": self.campaign, "stage": self.stage, "outcome": self.outcome}
        return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the page shows it."""

    run: StageRun

    @property
    def cost(self) -> str:
        return "no known price" if self.run.cost_micros is None else dollars(Decimal(self.run.cost_micros))

    @property
    def outcome(self) -> str:
        return words_for(self.run.outcome)

    @property
    def anonymised_at(self) -> datetime:
        return self.run.anonymised_at or self.run.at + KEPT

    @property
    def is_anonymised(self) -> bool:
        return self.run.anonymised_at is not None

    @property
    def is_sandbox(self) -> bool:
        return self.run.provider == Provider.SANDBOX


def calls(wanted: Filter, before: UUID | None) -> list[Call]:
    """The calls, the latest first: a page and one more. Ids carry the time, so they are the order."""
    found = StageRun.objects.filter(**wanted.conditions()).select_related("campaign").order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    return [Call(run) for run in found[: SHOWN + 1]]


@dataclass(frozen=True, slots=True)
class Totals:
    calls: int
    tokens: int
    spent: str


def totals(wanted: Filter) -> Totals:
    found = StageRun.objects.filter(**wanted.conditions()).aggregate(
        calls=Count("pk"), read=Sum("input_tokens"), written=Sum("output_tokens"), spent=Sum("cost_micros")
    )
    tokens = (found["read"] or 0) + (found["written"] or 0)
    return Totals(found["calls"], tokens, dollars(Decimal(found["spent"] or 0)))


def outcomes() -> list[tuple[str, str]]:
    """The outcomes there are, each with its words."""
    found = StageRun.objects.order_by("outcome").values_list("outcome", flat=True).distinct()
    return [(outcome, words_for(outcome)) for outcome in found]


def words_for(outcome: str) -> str:
    """`rate_limited` as people read it."""
    return outcome.replace("_", " ").capitalize()


def campaigns_asked() -> list[Campaign]:
    return list(Campaign.objects.only("pk", "name").order_by("name"))
