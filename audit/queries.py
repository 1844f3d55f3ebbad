"""What the audit page reads: newest first, a page at a time, by the place where the last page ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.models import AuditRow

PAGE = 50
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines: by event, by the member who acted, and by days (in UTC), both ends included."""

    event: str = ""
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
    rows = list(_from(matching(wanted), after)[: size + 1])
    is_more = len(rows) > size
    rows = rows[:size]
    return Page(rows, Cursor(rows[-1].at, rows[-1].pk) if is_more else None)


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
