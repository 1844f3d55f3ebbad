"""Uploaded files that nobody imported, rejects files, orders of bulk actions: data that has done its work."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit.retention import Swept
from leads.models import Bulk, Import, ImportReject, ImportState

WAITS = timedelta(days=7)
REJECTS_KEPT = timedelta(days=90)
BULK_JOBS_KEPT = timedelta(days=90)


def drop_waiting_files(now: datetime) -> Swept:
    """An upload that was never started goes after a week, with its file."""
    waiting = Import.objects.filter(
        state__in=[ImportState.UPLOADED, ImportState.MAPPED], created_at__lte=now - WAITS
    )
    count = waiting.count()
    waiting.delete()
    return Swept("Uploaded files of 7 days and more, not imported", count)


def drop_rejects(now: datetime) -> Swept:
    """The rows of a rejects file go 90 days after their import; its counts stay."""
    old = ImportReject.objects.filter(job__finished_at__lte=now - REJECTS_KEPT)
    count = old.count()
    old.delete()
    return Swept("Rows of rejects files of 90 days and more", count)


def drop_bulk_jobs(now: datetime) -> Swept:
    """An order says which leads, and who asked; that it was carried out stays in the audit log."""
    old = Bulk.objects.filter(finished_at__lte=now - BULK_JOBS_KEPT)
    count = old.count()
    old.delete()
    return Swept("Bulk actions of 90 days and more", count)
