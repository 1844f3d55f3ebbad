"""Logs of model calls: after 90 days prompt, response and the link to the lead go; counts stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit.retention import Swept, drop_month_keys
from campaigns.models import StageRun
from tenants.models import Purpose

KEPT = timedelta(days=90)
AT_ONCE = 5000


def anonymise_logs(now: datetime) -> Swept:
    """Also drop the keys of months that ended 90 days ago: what they sealed cannot be opened again."""
    old = StageRun.objects.filter(at__lte=now - KEPT, anonymised_at=None).order_by("at")
    ids = list(old.values_list("pk", flat=True)[:AT_ONCE])
    done = StageRun.objects.filter(pk__in=ids).update(
        prompt=None, response=None, enrollment=None, anonymised_at=now
    )
    is_more = len(ids) == AT_ONCE
    if not is_more:
        drop_month_keys(Purpose.LLM)
    return Swept("Logs of model calls: texts of 90 days and more", done, is_more)
