"""Seals the log in batches, each chained to the one before; what is sealed cannot change without a trace.

A batch is every line that transactions from `xid_from` up to, not including, `xid_until` wrote, of one month.
`xid_until` is the oldest transaction that is still open: those before it are over, so the batch is
complete and no line can join it later. A chain in a trigger would make each writer wait for the one before.

    line   = SHA-256 of id, time, event, actor, subject and the opened details, each after its length
    rows   = SHA-256 of the lines' hashes, ordered by transaction and id
    seal   = SHA-256 of the seal before, and of what this one says
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from audit.models import AuditRow, AuditSeal
from tenants import directory
from tenants.backup.restoring import Restored
from tenants.binding import current

GENESIS = bytes(32)
NO_ROWS = hashlib.sha256(b"").digest()
FOREVER = 2**63 - 1
LABEL = b"paitho audit line 1"
# Binary, as a stream: several times faster than rows of a query, and no batch is too large.
LINES = """
COPY (SELECT id, at, event, actor_id, about_id, details, xid::text::bigint FROM audit_log
      WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 ORDER BY xid, id) TO STDOUT (FORMAT binary)
"""
LINE_TYPES = ("uuid", "timestamptz", "varchar", "uuid", "uuid", "bytea", "int8")
_AS_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
OPEN_TRANSACTIONS = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"


class Line(NamedTuple):
    """One line of the log, as it is hashed."""

    id: UUID
    at: datetime
    event: str
    actor_id: UUID | None
    about_id: UUID | None
    details: Any
    xid: int

    @property
    def month(self) -> date:
        return self.at.astimezone(UTC).date().replace(day=1)

    def digest(self) -> bytes:
        parts = (
            LABEL,
            self.id.bytes,
            self.at.astimezone(UTC).isoformat(timespec="microseconds").encode(),
            self.event.encode(),
            self.actor_id.bytes if self.actor_id else b"",
            self.about_id.bytes if self.about_id else b"",
            canonical(self.details),
        )
        sized = [each for part in parts for each in (len(part).to_bytes(4, "big"), part)]
        return hashlib.sha256(b"".join(sized)).digest()


def canonical(details: Any) -> bytes:
    """One way to write a JSON value; zero characters are left out, because PostgreSQL's text holds none."""
    return _AS_CANONICAL(details).replace("\\u0000", "").encode()


def link(seal: AuditSeal) -> bytes:
    """The hash that a seal with these values must have."""
    said = {
        "number": seal.number,
        "epoch": seal.epoch,
        "month": seal.month.isoformat() if seal.month else None,
        "xid_from": seal.xid_from,
        "xid_until": seal.xid_until,
        "rows": seal.rows,
        "rows_hash": bytes(seal.rows_hash).hex(),
    }
    text = json.dumps(said, sort_keys=True).encode()
    return hashlib.sha256(b"paitho audit seal 1" + bytes(seal.previous) + text).digest()


@dataclass(slots=True)
class Batch:
    """The lines of one month between two transactions, as they go by."""

    rows: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, line: Line) -> None:
        self.rows += 1
        self.first_at = min(self.first_at or line.at, line.at)
        self.last_at = max(self.last_at or line.at, line.at)
        self.digest.update(line.digest())


def seal_slice() -> datetime | None:
    """The `seal` bell's work: seal what has been written since the last time."""
    # Two at once write the same number, and the second is refused by the database: its work is done.
    with contextlib.suppress(IntegrityError):
        seal_now()
    return None


@transaction.atomic
def seal_now() -> int:
    """Seal every line whose transaction is over; returns how many lines were sealed."""
    with connections["default"].cursor() as cursor:
        cursor.execute(OPEN_TRANSACTIONS)
        until = int(cursor.fetchone()[0])
    return _seal(last_seal(), until)


def counted_since() -> datetime | None:
    """When the transactions' count began again: with a log that was loaded into another cluster."""
    restarts = AuditSeal.objects.filter(month=None, xid_from=0, number__gt=1).order_by("-number")
    return restarts.values_list("sealed_at", flat=True).first()


def last_seal() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-number").first()


def _seal(last: AuditSeal | None, until: int) -> int:
    start = last.xid_until if last else 0
    if until <= start:
        return 0
    batches: dict[date, Batch] = {}
    since = counted_since()
    for line in lines(start, until):
        if since is None or line.at >= since:
            batches.setdefault(line.month, Batch()).add(line)
    for month, batch in sorted(batches.items()):
        last = _add(last, month, (start, until), batch)
    return sum(batch.rows for batch in batches.values())


def _add(
    last: AuditSeal | None, month: date | None, xids: tuple[int, int], batch: Batch, *, epoch: int = 0
) -> AuditSeal:
    seal = AuditSeal(
        number=last.number + 1 if last else 1,
        epoch=epoch or (last.epoch if last else 1),
        month=month,
        xid_from=xids[0],
        xid_until=xids[1],
        rows=batch.rows,
        first_at=batch.first_at,
        last_at=batch.last_at,
        rows_hash=batch.digest.digest(),
        previous=bytes(last.hash) if last else GENESIS,
        sealed_at=timezone.now(),
    )
    seal.hash = link(seal)
    seal.save(force_insert=True)
    number, sealed = seal.number, bytes(seal.hash)
    workspace = current().id
    transaction.on_commit(lambda: directory.publish_seal(workspace, number, sealed))
    return seal


def lines(start: int, until: int) -> Iterator[Line]:
    """The lines of these transactions, by transaction and id, as they come: the session does nothing else."""
    opened = AuditRow._meta.get_field("details").opener()
    with connections["default"].cursor() as cursor, cursor.copy(LINES, [start, until]) as copy:
        copy.set_types(LINE_TYPES)
        for uid, at, event, actor, about, details, xid in copy.rows():
            yield Line(uid, at, event, actor, about, opened(details, uid), xid)


@transaction.atomic
def new_epoch(restored: Restored) -> None:
    """Open a new epoch after a restore. With a log that came from the backup, close that one for good.

    A log that was carried forward goes on: its transactions are this cluster's. One that was loaded may
    count transactions of another cluster, so its last batch takes whatever is not sealed, and the count
    begins again.
    """
    if not restored.had_live:
        _seal(last_seal(), FOREVER)
    last = last_seal()
    start = last.xid_until if last and restored.had_live else 0
    epoch = last.epoch + 1 if last else 1
    _add(last, None, (start, start), Batch(), epoch=epoch)
