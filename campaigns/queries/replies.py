"""Who reads replies, and what that has cost this month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum
from django.utils import timezone

from campaigns.budget import month_began
from campaigns.models import READING, ReplyReader, StageRun
from campaigns.prices import dollars


def reader() -> ReplyReader:
    return ReplyReader.objects.select_related("key").first() or ReplyReader()


@dataclass(frozen=True, slots=True)
class Month:
    calls: int
    spent: str


def month() -> Month:
    runs = StageRun.objects.filter(stage=READING[0], at__gte=month_began(timezone.now()))
    found = runs.aggregate(
        calls=Count("pk"),
        spent=Sum("cost_micros", default=0),
    )
    return Month(found["calls"], dollars(Decimal(found["spent"])))
