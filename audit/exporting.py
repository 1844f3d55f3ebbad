"""Makes the export that an owner asked for: sealed while it waits, told by mail, gone after a week.

asked -> running      claimed; two workers that both run it settle by compare-and-set, and one file stays
running -> ready      the file is whole in its place, its key in the row
running -> failed     three attempts ended with a refusal
ready -> ended        the retention job, after `KEPT`
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import notices
from accounts.errors import MailNotSent
from accounts.models import Member
from audit.actions import record
from audit.actors import SYSTEM
from audit.events import Event
from audit.models import Export, ExportState
from audit.retention import Swept
from keychain.crypto.stream import Writer, chunks, read_head
from tenants import directory
from tenants.backup.errors import BackupError
from tenants.backup.stores import Store, store_at
from tenants.binding import current
from tenants.export.bundle import write_bundle
from tenants.export.spool import Spool
from tenants.export.tables import tables

KEPT = timedelta(days=7)
# What a worker that was killed has left half-written.
LEFTOVER = timedelta(days=1)
ATTEMPTS = 3
# Refreshed with the progress; a worker that died holds the export no longer than this.
LEASE_SECONDS = 120
OPEN = [ExportState.ASKED, ExportState.RUNNING]


def export_slice() -> datetime | None:
    """The `export` bell's work: make the export that waits."""
    export = Export.objects.filter(state__in=OPEN).order_by("asked_at").first()
    if export is None:
        return None
    if not cache.add(_lease(export), "held", LEASE_SECONDS):
        return timezone.now() + timedelta(seconds=LEASE_SECONDS)
    try:
        if export.attempts < ATTEMPTS:
            _make(export)
        else:
            _give_up(export)
    finally:
        cache.delete(_lease(export))
    return timezone.now() if Export.objects.filter(state__in=OPEN).exists() else None


def _lease(export: Export) -> str:
    return f"export-lease:{export.pk}"


def progress_key(export: Export) -> str:
    return f"export-progress:{export.pk}"


class Told:
    """Keeps who watches informed, and the lease alive."""

    def __init__(self, export: Export, total: int) -> None:
        self.export, self.total, self.done = export, total, 0

    def __call__(self, table: str, rows: int) -> None:
        self.done += rows
        cache.set(progress_key(self.export), (self.done, self.total, table), 3600)
        cache.set(_lease(self.export), "held", LEASE_SECONDS)


def _make(export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(state=ExportState.RUNNING, attempts=export.attempts + 1)
    export.refresh_from_db()
    store = store_at(settings.EXPORTS)
    name = f"{current().id}/{export.pk}-{export.attempts}.sealed"
    told = Told(export, sum(table.count() for table in tables()))
    key = os.urandom(32)
    try:
        size, rows = _write(store, name, key, told)
    except BackupError as error:
        _fail(export, str(error))
        return
    export.place, export.name, export.key, export.size, export.rows = settings.EXPORTS, name, key, size, rows
    if _settle(export):
        _notify(export)
    else:
        store.delete(name)


def _write(store: Store, name: str, key: bytes, told: Told) -> tuple[int, int]:
    """The sealed bundle into the store; its own size, and how many rows are in it."""
    with Spool(settings.STATE_DIR / "spool") as spool, store.writing(name) as file:
        writer = Writer(file, key, {"kind": "export"})
        counted = _Counted(writer)
        rows = write_bundle(current(), cast("BinaryIO", counted), spool, told=told)
        writer.finish()
    return counted.size, sum(rows.values())


class _Counted:
    """Counts the bytes that go by: the size of the file that is downloaded."""

    def __init__(self, out: Writer) -> None:
        self._out, self.size = out, 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return self._out.write(data)


@transaction.atomic
def _settle(export: Export) -> bool:
    """Ready, once: False when another worker was faster."""
    waiting = Export.objects.select_for_update().filter(pk=export.pk, state=ExportState.RUNNING)
    if not waiting.exists():
        return False
    now = timezone.now()
    export.state, export.ready_at, export.expires_at = ExportState.READY, now, now + KEPT
    export.save()
    record(Event.EXPORTED, by=SYSTEM, about=export, rows=export.rows, bytes=export.size)
    return True


def _give_up(export: Export) -> None:
    """Begun three times and ended by none: whatever kills the workers would kill the next."""
    unfinished = "It was begun three times and never ended. Ask again, or write to us."
    Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED, problem=unfinished)


def _fail(export: Export, problem: str) -> None:
    state = ExportState.FAILED if export.attempts >= ATTEMPTS else ExportState.ASKED
    Export.objects.filter(pk=export.pk).update(state=state, problem=problem[:300])


def _notify(export: Export) -> None:
    """A mail to who asked. The link in it opens for them alone, signed in, until the export ends."""
    member = Member.objects.filter(pk=export.asked_by, is_active=True).first()
    if member is None:
        return
    url = directory.origin_of(current()) + reverse("audit:data")
    try:
        notices.send("audit/email/export_ready", member.email, url=url, export=export, member=member)
    except MailNotSent as error:
        Export.objects.filter(pk=export.pk).update(problem=f"The notice was not sent: {error}"[:300])


def end_exports(now: datetime) -> Swept:
    """The file goes, then the row says so: a run that dies between the two is repeated."""
    gone = 0
    for export in Export.objects.filter(state=ExportState.READY, expires_at__lte=now):
        store_at(export.place).delete(export.name)
        export.state, export.key = ExportState.ENDED, None
        export.save(update_fields=["state", "key"])
        gone += 1
    store_at(settings.EXPORTS).sweep(LEFTOVER)
    return Swept("Exports of 7 days and more", gone)


def drop_files() -> None:
    """Every export's file: before the workspace is removed, because nothing knows of them afterwards."""
    for export in Export.objects.filter(state=ExportState.READY):
        store_at(export.place).delete(export.name)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an export has come, for its progress bar."""

    done: int
    total: int
    note: str


def standing(export: Export) -> Standing:
    done, total, table = cache.get(progress_key(export)) or (0, 0, "")
    return Standing(done, total, f"now {table}" if table else "")


def opened(export: Export) -> Iterator[bytes]:
    """The bundle's bytes. The key is opened now, while the workspace is bound; the file is read later."""
    assert export.key is not None
    return _pieces(export.place, export.name, bytes(export.key))


def _pieces(place: str, name: str, key: bytes) -> Iterator[bytes]:
    with store_at(place).reading(name) as file:
        _, bound_to = read_head(file)
        yield from chunks(file, key, bound_to)
