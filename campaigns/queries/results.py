"""What came of a campaign: mails and answers day by day, people by outcome, and two briefs compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from campaigns.comparison import Comparison, Half
from campaigns.models import Campaign, Draft
from mailbox.models import Delivery, Direction, Message

DAYS = 21
WRITTEN = Q(drafts__message__delivery=Delivery.SENT)
REPLIED = Q(stop_reason="replied")
POSITIVE = Q(thread__outcome="interested")


@dataclass(frozen=True, slots=True)
class Days:
    """Mails sent and answers received, a pair of figures for each of the last days."""

    sent: list[tuple[str, float]]
    replies: list[tuple[str, float]]

    @property
    def is_empty(self) -> bool:
        return not any(value for _, value in [*self.sent, *self.replies])


def days(campaign: Campaign) -> Days:
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    dates = [first + timedelta(days=at) for at in range(DAYS)]
    mails = Draft.objects.filter(
        enrollment__campaign=campaign, message__delivery=Delivery.SENT, message__at__date__gte=first
    )
    sent = dict(mails.annotate(day=TruncDate("message__at")).values_list("day").annotate(number=Count("pk")))
    replies = Message.objects.filter(
        thread__enrollments__campaign=campaign,
        direction=Direction.IN,
        kind__in=["", "reply"],
        at__date__gte=first,
    )
    came = dict(
        replies.annotate(day=TruncDate("at")).values_list("day").annotate(number=Count("pk", distinct=True))
    )
    return Days(_row(dates, sent), _row(dates, came))


def _row(dates: list[date], found: dict[date, int]) -> list[tuple[str, float]]:
    return [(f"{day:%-d %b}", found.get(day, 0)) for day in dates]


def people(campaign: Campaign) -> dict[str, int]:
    """People, not mails: each counted once, however many mails they got."""
    reasons = dict(
        campaign.enrollments.exclude(stop_reason="").values_list("stop_reason").annotate(number=Count("pk"))
    )
    found = {reason: int(reasons.get(reason, 0)) for reason in ("replied", "bounced", "opted_out")}
    return {**found, "positive": campaign.enrollments.filter(POSITIVE).count()}


def comparison(campaign: Campaign) -> Comparison | None:
    """The two halves, where there are two."""
    if campaign.brief_b is None:
        return None
    rows = campaign.enrollments.values_list("variant").annotate(
        written=Count("pk", distinct=True, filter=WRITTEN),
        replied=Count("pk", distinct=True, filter=WRITTEN & REPLIED),
        positive=Count("pk", distinct=True, filter=WRITTEN & POSITIVE),
        opted_out=Count("pk", distinct=True, filter=WRITTEN & Q(stop_reason="opted_out")),
    )
    found = {str(variant): [int(number) for number in numbers] for variant, *numbers in rows}
    brief = {"a": campaign.brief, "b": campaign.brief | campaign.brief_b}
    halves = [
        Half(variant, str(brief[variant].get("offer", "")), *found.get(variant, [0] * 4)) for variant in "ab"
    ]
    return Comparison(*halves)
