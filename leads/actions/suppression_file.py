"""A file of addresses and domains that nobody here may write to, taken in at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, BinaryIO

from django.db import connections, transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.crypto.blind import BlindIndex
from keychain.index import blind_index
from leads.actions.suppression import RANK, STANDINGS, suppress
from leads.csvfile import Row, batches, describe
from leads.models import Reason, Standing
from leads.sheet import BadRow, CsvRefused, Sheet
from leads.stoplist import Stop, first_row, reader

MOST_BYTES = 20 * 1024 * 1024
MOST_DOMAINS = 10_000
FROM_FILES = [Reason.BY_HAND, Reason.OPT_OUT, Reason.BOUNCE, Reason.COMPLAINT]
# A stronger reason takes the place of a weaker one, never the other way round.
INSERT = """
    INSERT INTO suppressions AS old (id, index, covers_domain, reason, added_by, at)
    SELECT gen_random_uuid(), index, false, %s, %s, at
    FROM unnest(%s::bytea[], %s::timestamptz[]) AS new (index, at)
    ON CONFLICT (index, covers_domain) DO UPDATE SET reason = EXCLUDED.reason
        WHERE array_position(%s::text[], EXCLUDED.reason::text) > array_position(%s::text[], old.reason::text)
    RETURNING xmax = 0
"""
MARK = "UPDATE leads SET standing = %s WHERE standing = ANY (%s) AND email_index = ANY (%s::bytea[])"


@dataclass(slots=True)
class Taken:
    """What became of the rows."""

    added: int = 0
    known: int = 0
    refused: int = 0
    domains: int = 0


@transaction.atomic
def suppress_file(source: BinaryIO, size: int, *, by: Actor, reason: Reason = Reason.BY_HAND) -> Taken:
    """Suppress each address and domain of a CSV; `reason` is for the rows that name none.

    Raises `CsvRefused`, and then nothing of it is taken in.
    """
    if size > MOST_BYTES:
        raise CsvRefused("The file is larger than 20 MB. Split it and import the parts one after another.")
    sheet = describe(source, needs_email=False)
    source.seek(0)
    taken, blind = Taken(), blind_index()
    for stops in _stops(source, sheet, reason, taken):
        _take(stops, taken, blind, by)
    record(Event.ADDRESS_SUPPRESSED, by=by, reason=reason.value, addresses=taken.added, domains=taken.domains)
    return taken


def _stops(source: BinaryIO, sheet: Sheet, otherwise: Reason, taken: Taken) -> Iterator[list[Stop]]:
    """What the rows stop, a batch at a time; counts the rows that hold nobody."""
    read = reader(sheet, otherwise)
    first: list[Row | BadRow] = [*first_row(sheet)]
    for some in chain([first], (batch.rows for batch in batches(source, sheet))):
        found = [read(row) if isinstance(row, Row) else None for row in some]
        taken.refused += found.count(None)
        yield [stop for stop in found if stop]


def _take(stops: list[Stop], taken: Taken, blind: BlindIndex, by: Actor) -> None:
    for stop in stops:
        if stop.is_domain:
            taken.domains += 1
            if taken.domains > MOST_DOMAINS:
                raise CsvRefused(f"The file holds more than {MOST_DOMAINS:,} domains.")
            suppress(stop.who, stop.reason, by=by, covers_domain=True, at=stop.at)
    addresses = sorted((stop for stop in stops if not stop.is_domain), key=lambda stop: RANK[stop.reason])
    for reason, some in groupby(addresses, key=lambda stop: stop.reason):
        _insert(reason, some, taken, blind, by)


def _insert(reason: Reason, stops: Iterable[Stop], taken: Taken, blind: BlindIndex, by: Actor) -> None:
    first: dict[bytes, Any] = {}
    for stop in stops:
        first.setdefault(blind.email(stop.who), stop.at)
    indexes, ranks = list(first), [each.value for each in sorted(RANK, key=lambda each: RANK[each])]
    with connections["default"].cursor() as cursor:
        cursor.execute(INSERT, [reason, by.id, indexes, list(first.values()), ranks, ranks])
        added = sum(is_new for (is_new,) in cursor.fetchall())
        taken.added += added
        taken.known += len(indexes) - added
        standing = STANDINGS.get(reason, Standing.OPTED_OUT)
        weaker = list(Standing) if standing == Standing.OPTED_OUT else [Standing.OPEN, Standing.SUPPRESSED]
        cursor.execute(MARK, [standing, [str(each) for each in weaker], indexes])
