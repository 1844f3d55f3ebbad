"""A list that another tool kept of whom not to write to: in each row who, why, and since when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from leads.addresses import BadAddress, address, looks_like_email
from leads.mapping import suggest
from leads.models import Reason
from leads.sheet import Column, CsvRefused, Row, Sheet
from leads.vocabulary import Target, plain
from paitho.lib.text import NotAnAddress, normalise_domain

NOBODY = "No column of this file holds e-mail addresses or domains."
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)

_WHY = {
    "reason",
    "status",
    "state",
    "type",
    "cause",
    "why",
    "grund",
    "motif",
    "motivo",
    "event",
    "suppression reason",
}
_SINCE = {
    "date", "since", "at", "created", "created at", "added", "added at", "time", "timestamp", "datum",
    "unsubscribed at", "unsubscribe time", "unsub time", "opt out date", "opted out at", "suppressed at",
    "bounced at", "bounce date", "optout time", "fecha",
}  # fmt: skip
_DOMAINS = {"domain", "domains", "company domain", "blocked domain", "domaine", "dominio"}
_REASONS = (  # the first that fits
    (Reason.COMPLAINT, "complain|spam|abuse|beschwerde|plainte"),
    (Reason.BOUNCE, "bounce|invalid|undeliver|cleaned|dead|unzustellbar"),
    (Reason.OPT_OUT, r"unsub|opt\W?(?:ed)?\W?out|abgemeldet|d[eé]sinscri|baja|objec|widerspr"),
)
_DAYS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True, slots=True)
class Stop:
    """One row: an address, or a domain for everyone there."""

    who: str
    is_domain: bool
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class _Places:
    who: int
    why: int | None
    since: int | None


def reader(sheet: Sheet, otherwise: Reason) -> Callable[[Row], Stop | None]:
    """A function from a row to what it stops, None for a row without an address or domain.

    Raises CsvRefused when no column holds any. `otherwise` is the reason where the file names none.
    """
    places, now = _places(sheet.columns), timezone.now()

    def read(row: Row) -> Stop | None:
        found = who(row.cells[places.who])
        if found is None:
            return None
        why = reason(row.cells[places.why]) if places.why is not None else None
        since = moment(row.cells[places.since], now) if places.since is not None else None
        return Stop(*found, why or otherwise, since or now)

    return read


def first_row(sheet: Sheet) -> Iterator[Row]:
    """The header, when it is a row itself: a list of bare domains looks as if it began with a name."""
    if sheet.has_header and any(_is_domain(cell) for cell in sheet.header):
        yield Row(sheet.body.number - 1, list(sheet.header))


def who(cell: str) -> tuple[str, bool] | None:
    """The address, or the domain of `example.com`, `@example.com` and `*@example.com`, and which it is."""
    if "@" in cell.strip().lstrip("*@ "):
        try:
            return address(cell).email, False
        except BadAddress:
            return None
    try:
        return normalise_domain(cell.strip().lstrip("*@ ")), True
    except NotAnAddress:
        return None


def reason(cell: str) -> Reason | None:
    """Why, in the words of the tools that keep such lists."""
    return next((reason for reason, words in _REASONS if re.search(words, cell, re.IGNORECASE)), None)


def moment(cell: str, now: datetime) -> datetime | None:
    """When, as far as the cell says it beyond doubt: ISO 8601, or day.month.year."""
    text = cell.strip()
    if german := _DAYS.fullmatch(text):
        text = f"{german[3]}-{german[2]:0>2}-{german[1]:0>2}"
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    except ValueError:
        return None
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if OLDEST <= found <= now else None


def _places(columns: Sequence[Column]) -> _Places:
    names = [plain(column.name) for column in columns]
    uses = [each.use for each in suggest(columns)]
    by_use = uses.index(Target.EMAIL) if Target.EMAIL in uses else None
    place = by_use if by_use is not None else _place_of_domains(names, columns)
    if place is None:
        raise CsvRefused(NOBODY)
    return _Places(place, _named(names, _WHY, place), _named(names, _SINCE, place))


def _place_of_domains(names: list[str], columns: Sequence[Column]) -> int | None:
    named = _named(names, _DOMAINS, None)
    if named is not None:
        return named
    for place, column in enumerate(columns):
        cells = [*column.samples, column.name]
        if any(_is_domain(cell) or looks_like_email(cell) for cell in cells):
            return place
    return None


def _named(names: list[str], wanted: set[str], taken: int | None) -> int | None:
    return next((place for place, name in enumerate(names) if name in wanted and place != taken), None)


def _is_domain(cell: str) -> bool:
    found = who(cell) if "." in cell and "@" not in cell.strip().lstrip("*@ ") else None
    return found is not None
