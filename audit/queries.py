"""What the pages read: the log newest first, a page at a time; seals, exports, backups and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet

from audit.models import AuditRow, AuditSeal, Export, RetentionRun
from tenants.backup import records
from tenants.backup.records import Kept
from tenants.lifecycle import Receipt
from tenants.workspace import WorkspaceRef

PAGE = 50
BATCH = 1000
# Lines opened for one page of a search: some 100,000 in a second.
SCANNED = 20_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines: by event, by the member who acted, by days (in UTC, both ends included), by words.

    Words are looked for in what is sealed: who, from where, about what, and what else was recorded.
    """

    event: str = ""
    text: str = ""
    actor: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last line of a page; the next page begins after it."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """None for what is no cursor of ours."""
        at, _, uid = text.partition("~")
        try:
            moment = datetime.fromisoformat(at)
            return cls(moment if moment.tzinfo else moment.replace(tzinfo=UTC), UUID(uid))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and where the next page begins, if there is one."""

    rows: list[AuditRow]
    next: Cursor | None


def page(wanted: Filter, after: Cursor | None, size: int = PAGE) -> Page:
    if wanted.text.strip():
        return _search(wanted, after, size)
    rows = list(_from(matching(wanted), after)[: size + 1])
    is_more = len(rows) > size
    rows = rows[:size]
    return Page(rows, Cursor(rows[-1].at, rows[-1].pk) if is_more else None)


def _search(wanted: Filter, after: Cursor | None, size: int) -> Page:
    """Open lines, newest first, until a page of them has the words, or `SCANNED` were read."""
    words = wanted.text.casefold().split()
    details = AuditRow._meta.get_field("details")
    found: list[AuditRow] = []
    for _ in range(0, SCANNED, BATCH):
        rows = list(_from(matching(wanted), after)[:BATCH])
        details.open_rows(rows)
        for row in rows:
            after = Cursor(row.at, row.pk)
            if all(word in row.haystack for word in words):
                found.append(row)
            if len(found) == size:
                return Page(found, after)
        if len(rows) < BATCH:
            return Page(found, None)
    return Page(found, after)


def every(wanted: Filter) -> Iterator[AuditRow]:
    """All matching lines, newest first, read in batches of which each is one short query."""
    cursor: Cursor | None = None
    while True:
        batch = page(wanted, cursor, BATCH)
        yield from batch.rows
        cursor = batch.next
        if cursor is None:
            return


def matching(wanted: Filter) -> QuerySet[AuditRow]:
    rows = AuditRow.objects.order_by("-at", "-id")
    if wanted.event:
        rows = rows.filter(event=wanted.event)
    if wanted.actor:
        rows = rows.filter(actor_id=wanted.actor)
    if wanted.since:
        rows = rows.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        rows = rows.filter(at__lt=_midnight(wanted.until) + timedelta(days=1))
    return rows


def _from(rows: QuerySet[AuditRow], after: Cursor | None) -> QuerySet[AuditRow]:
    if after is None:
        return rows
    # The first condition alone lets the index on `at` begin where the last page ended.
    return rows.filter(at__lte=after.at).filter(Q(at__lt=after.at) | Q(id__lt=after.id))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


# --- seals, exports, backups ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """What the page says of the seals: the last one, and how many lines wait for the next."""

    last: AuditSeal | None
    waiting: int


def chain() -> Chain:
    last = AuditSeal.objects.order_by("-number").first()
    rows = AuditRow.objects.filter(xid__gte=last.xid_until) if last else AuditRow.objects.all()
    return Chain(last, rows.count())


def seals() -> list[AuditSeal]:
    return list(AuditSeal.objects.order_by("number"))


def exports() -> list[Export]:
    """The newest ones, whatever became of them."""
    return list(Export.objects.order_by("-asked_at")[:10])


def export_or_none(export_id: UUID) -> Export | None:
    return Export.objects.filter(pk=export_id).first()


def last_retention_run() -> RetentionRun | None:
    return RetentionRun.objects.order_by("-at").first()


def backups(workspace: WorkspaceRef) -> list[Kept]:
    return records.of(workspace)


COUNTED = ("leads", "messages", "drafts", "campaigns", "credentials", "members")


def what_would_go(workspace: WorkspaceRef) -> list[tuple[str, str]]:
    """What the deletion takes, in words for the page that asks for it."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    facts = [(name.capitalize(), f"{models[name]._base_manager.count():,}") for name in COUNTED]
    kept = records.of(workspace)
    facts.append(("Backups", f"{len(kept)}, unreadable once the keys are gone" if kept else "none"))
    if kept:
        facts.append(("Last backup ends", f"{max(backup.expires_at for backup in kept):%d %B %Y}"))
    return facts


def receipt_lines(receipt: Receipt) -> list[tuple[str, str]]:
    """Table by table what went, the largest first; tables that held nothing are left out."""
    counted = sorted(receipt.rows.items(), key=lambda item: (-item[1], item[0]))
    lines = [(f"Rows of {table}", f"{rows:,}") for table, rows in counted if rows]
    return [*lines, ("Wrapped keys", f"{receipt.keys:,}")]
