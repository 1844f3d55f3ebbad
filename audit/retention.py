"""What is kept for a time only: one report for each run, and the log's own twelve months."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.actions import record
from audit.actors import SYSTEM
from audit.events import Event
from audit.models import RetentionRun
from audit.sealing import seal_now
from audit.verifying import is_past_keeping
from tenants import directory
from tenants.binding import current
from tenants.models import Purpose

MONTHS_AHEAD = 13


@dataclass(frozen=True, slots=True)
class Swept:
    """What one rule took out; `is_more` when it stopped before the end."""

    what: str
    count: int
    is_more: bool = False


def retention_slice() -> datetime | None:
    """The `retention` bell's work: every rule once, and a report; again at once when one has more to do."""
    began = time.monotonic()
    swept = [import_string(path)(timezone.now()) for path in settings.RETENTION]
    took_ms = int((time.monotonic() - began) * 1000)
    with transaction.atomic():
        report = {rule.what: rule.count for rule in swept}
        RetentionRun(report=report, took_ms=took_ms).save(force_insert=True)
        record(Event.RETENTION_RAN, by=SYSTEM, **{what: count for what, count in report.items() if count})
    return timezone.now() if any(rule.is_more for rule in swept) else None


def expire_log(now: datetime) -> Swept:
    """Make the log's months ahead, seal what is not sealed, and drop the months that are past keeping.

    What is past keeping the database says, by its own clock.
    """
    del now
    seal_now()
    gone = 0
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT audit_log_make_ahead(%s), now()", [MONTHS_AHEAD])
        _, today = cursor.fetchone()
        for month in months_kept():
            if is_past_keeping(month, today.date()):
                cursor.execute("SELECT audit_log_expire(%s)", [month])
                gone += bool(cursor.fetchone()[0])
    drop_month_keys(Purpose.AUDIT)
    return Swept("Audit log: months of 12 months and more", gone)


def drop_month_keys(purpose: Purpose) -> None:
    """What copies of a month's logs hold goes dark with its key; the directory's clock decides when."""
    for key in directory.wrapped_keys(current().id):
        if key.purpose == purpose:
            directory.drop_month_key(current().id, purpose, key.version)


def months_kept() -> list[date]:
    """The first day of each month that the log has a partition for."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'audit_log'::regclass AND c.relname ~ '^audit_log_[0-9]{6}$' ORDER BY 1"
        )
        return [date(int(name[10:14]), int(name[14:16]), 1) for (name,) in cursor.fetchall()]
