"""The day that a campaign's cap counts: it ends at midnight where the sender is, not at midnight UTC."""

from __future__ import annotations

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import WorkspaceProfile
from campaigns.models import Campaign, Status
from campaigns.schedule import day_ends


def begin_days() -> int:
    """Count anew for each running campaign whose day is over; nothing of it is claimed before that.

    A day that nobody has counted yet keeps its count: it only learns when it ends.
    """
    now = timezone.now()
    over = Campaign.objects.filter(Q(day_ends_at=None) | Q(day_ends_at__lte=now), status=Status.RUNNING)
    begun = 0
    for campaign in over:
        count = F("claimed_count") if campaign.day_ends_at is None else 0
        same = Campaign.objects.filter(pk=campaign.pk, day_ends_at=campaign.day_ends_at)
        begun += same.update(day_ends_at=day_ends(now, campaign.schedule, home_zone()), claimed_count=count)
    return begun


def home_zone() -> str:
    """The workspace's own time zone."""
    profile = WorkspaceProfile.objects.first()
    return profile.time_zone if profile else "UTC"
