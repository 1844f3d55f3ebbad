"""Seals the log in batches, each chained to the one before; what is sealed cannot change without a trace.

A batch is every line that transactions from `xid_from` up to, not including, `xid_until` wrote, of one month.
`xid_until` is the oldest transaction that is still open: those before it are over, so the batch is
complete and no line can join it later. A chain in a trigger would make each writer wait for the one before.

    rows   = SHA-256 of the lines' digests (`audit.lines`), ordered by transaction and id
    seal   = SHA-256 of the seal before, and of what this one says
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from audit.lines import Line
from audit.models import AuditRow, AuditSeal
from tenants import directory
from tenants.backup.restoring import Restored
from tenants.binding import current

GENESIS = bytes(32)
NO_ROWS = hashlib.sha256(b"").digest()
FOREVER = 2**63 - 1
# Binary, as a stream: several times faster than rows of a query, and no batch is too large.
LINES = """
COPY (SELECT id, at, event, actor_id, about_id, details, xid::text::bigint FROM audit_log
      WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 ORDER BY xid, id) TO STDOUT (FORMAT binary)
"""
LINE_TYPES = ("uuid", "timestamptz", "varchar", "uuid", "uuid", "bytea", "int8")
BATCHES = """
SELECT date_trunc('month', at AT TIME ZONE 'UTC')::date, count(*), min(at), max(at),
       sha256(coalesce(string_agg(hash, ''::bytea ORDER BY xid, id), ''::bytea)), count(*) = count(hash)
FROM audit_log
WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 AND at >= coalesce(%s::timestamptz, '-infinity')
GROUP BY 1 ORDER BY 1
"""
OPEN_TRANSACTIONS = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"


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

    @property
    def rows_hash(self) -> bytes:
        return bytes(self.digest.digest())


@dataclass(frozen=True, slots=True)
class Summed:
    """A batch as the database adds it up, from the hashes that the lines keep."""

    rows: int
    first_at: datetime | None
    last_at: datetime | None
    rows_hash: bytes


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
    batches = _batches(start, until, counted_since())
    for month, batch in sorted(batches.items()):
        last = _add(last, month, (start, until), batch)
    return sum(batch.rows for batch in batches.values())


def _batches(start: int, until: int, since: datetime | None) -> Mapping[date, Batch | Summed]:
    """What these transactions wrote, by month. Lines from before lines kept a hash are read and opened."""
    with connections["default"].cursor() as cursor:
        cursor.execute(BATCHES, [start, until, since])
        found = cursor.fetchall()
    if all(is_hashed for *_, is_hashed in found):
        return {
            month: Summed(rows, first, last, bytes(digest)) for month, rows, first, last, digest, _ in found
        }
    read: dict[date, Batch] = defaultdict(Batch)
    for line in lines(start, until):
        if since is None or line.at >= since:
            read[line.month].add(line)
    return read


def _add(
    last: AuditSeal | None,
    month: date | None,
    xids: tuple[int, int],
    batch: Batch | Summed,
    *,
    epoch: int = 0,
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
        rows_hash=batch.rows_hash,
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
    """The lines of these transactions, opened, by transaction and id; meanwhile the session is taken."""
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
