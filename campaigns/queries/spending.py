"""What models have cost this month, and of which campaign."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Sum
from django.utils import timezone

from campaigns.budget import Cap, month_began, used
from campaigns.models import Campaign, SpendingLimit, StageRun
from campaigns.prices import dollars


def limit() -> SpendingLimit:
    return SpendingLimit.objects.first() or SpendingLimit()


@dataclass(frozen=True, slots=True)
class Month:
    """What the month has used, in words and as shares of its limits (in percent; None without a limit)."""

    spent: str
    tokens: int
    of_money: int | None
    of_tokens: int | None


def month() -> Month:
    caps = limit()
    cap = Cap("", caps.monthly_micros, caps.monthly_tokens)
    cap.add(*used(StageRun.objects.filter(at__gte=month_began(timezone.now()))))
    return Month(dollars(cap.spent), cap.used, _share(cap.spent, cap.micros), _share(cap.used, cap.tokens))


def _share(part: Decimal | int, whole: int | None) -> int | None:
    return None if not whole else min(100, round(100 * part / whole))


@dataclass(frozen=True, slots=True)
class Row:
    campaign: Campaign | None
    calls: int
    tokens: int
    spent: str


def by_campaign() -> list[Row]:
    """This month's calls by campaign, the dearest first."""
    found = (
        StageRun.objects.filter(at__gte=month_began(timezone.now()))
        .values("campaign")
        .annotate(
            calls=Count("pk"),
            tokens=Sum(F("input_tokens") + F("output_tokens")),
            spent=Sum("cost_micros", default=0),
        )
        .order_by("-spent", "-tokens")
    )
    campaigns = Campaign.objects.in_bulk([row["campaign"] for row in found if row["campaign"]])
    return [
        Row(campaigns.get(row["campaign"]), row["calls"], row["tokens"], dollars(Decimal(row["spent"])))
        for row in found
    ]
