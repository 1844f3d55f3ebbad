"""A limit pauses its campaigns; one that only the month has used up lets them go on when there is room again.

running -> paused, resumes_at -> running      the next month began, or the limit was raised
                              -> paused       a person kept it paused, or something is missing by then
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM
from audit.events import Event
from campaigns.budget import Over, month_cap, next_month
from campaigns.models import Campaign, Status
from campaigns.readiness import missing
from tenants import bells


@transaction.atomic
def pause_at_limit(campaign: Campaign, over: Over) -> None:
    """No further call for this campaign until a person resumes it or, if that is why, the month ends."""
    now, sentence = timezone.now(), over.sentence[:1].upper() + over.sentence[1:]
    resumes_at = next_month(now) if over.passes_with_the_month else None
    running = Campaign.objects.filter(pk=campaign.pk, status=Status.RUNNING)
    if running.update(status=Status.PAUSED, problem=sentence, resumes_at=resumes_at):
        record(Event.CAMPAIGN_PAUSED, by=SYSTEM, about=campaign, why=sentence)


def resume_what_waited() -> int:
    """Let go on what only waited for the month's limit: its month is over, or the limit was changed.

    One that is changed to less than is used lets nothing go on before the next month.
    """
    now = timezone.now()
    ripe = Campaign.objects.filter(status=Status.PAUSED, resumes_at__lte=now)
    if not ripe.exists():
        return 0
    if not month_cap().has_room:
        ripe.update(resumes_at=next_month(now))
        return 0
    return sum(_resume(campaign) for campaign in ripe)


@transaction.atomic
def _resume(campaign: Campaign) -> bool:
    """As a launch, but nobody new is enrolled: that is a person's act."""
    ours = Campaign.objects.filter(pk=campaign.pk, status=Status.PAUSED, resumes_at=campaign.resumes_at)
    if lacks := missing(campaign):
        problem = " ".join(need.sentence for need in lacks)[:300]
        ours.update(resumes_at=None, problem=problem)
        return False
    if not ours.update(status=Status.RUNNING, resumes_at=None, problem=""):
        return False
    record(Event.CAMPAIGN_RESUMED, by=SYSTEM, about=campaign)
    bells.ring("send")
    return True


def look_at_the_limit_again() -> None:
    """The limit is another: what waited for the month may go on at once, if it allows that."""
    waiting = Campaign.objects.filter(status=Status.PAUSED, resumes_at__isnull=False)
    waiting.update(resumes_at=timezone.now())
    bells.ring("pipeline")


def next_resumption() -> datetime | None:
    """When the first of those that wait may go on; None where none does."""
    waiting = Campaign.objects.filter(status=Status.PAUSED, resumes_at__isnull=False)
    found: datetime | None = waiting.aggregate(at=Min("resumes_at"))["at"]
    return found
