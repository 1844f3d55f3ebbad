"""A file of addresses and domains that nobody here may write to, taken in at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.db import connections, transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.crypto.blind import BlindIndex
from keychain.index import blind_index
from leads.addresses import BadAddress, address
from leads.csvfile import Row, batches, describe
from leads.mapping import suggest
from leads.models import Reason
from leads.sheet import CsvRefused, Sheet
from leads.vocabulary import Target

MOST_BYTES = 20 * 1024 * 1024
INSERT = """
    INSERT INTO suppressions (id, index, covers_domain, reason, added_by, at)
    SELECT gen_random_uuid(), given, false, %s, %s, now() FROM unnest(%s::bytea[]) AS given
    ON CONFLICT (index, covers_domain) DO NOTHING
"""
MARK = """
    UPDATE leads SET standing = 'suppressed' WHERE standing = 'open' AND email_index = ANY (%s::bytea[])
"""


@dataclass(slots=True)
class Taken:
    """What became of the rows."""

    added: int = 0
    known: int = 0
    refused: int = 0


@transaction.atomic
def suppress_file(source: BinaryIO, size: int, *, by: Actor) -> Taken:
    """Suppress each address of a CSV. Raises `CsvRefused`, and then nothing of it is taken in."""
    if size > MOST_BYTES:
        raise CsvRefused("The file is larger than 20 MB. Split it and import the parts one after another.")
    sheet = describe(source)
    place = _email_column(sheet)
    taken, blind = Taken(), blind_index()
    source.seek(0)
    with connections["default"].cursor() as cursor:
        for found in _indexes(source, sheet, place, taken, blind):
            cursor.execute(INSERT, [Reason.BY_HAND, by.id, found])
            taken.added += cursor.rowcount
            taken.known += len(found) - cursor.rowcount
            cursor.execute(MARK, [found])
    record(Event.ADDRESS_SUPPRESSED, by=by, reason=Reason.BY_HAND.value, addresses=taken.added)
    return taken


def _email_column(sheet: Sheet) -> int:
    for place, suggestion in enumerate(suggest(sheet.columns)):
        if suggestion.use is Target.EMAIL:
            return place
    raise CsvRefused("No column of this file holds e-mail addresses.")


def _indexes(
    source: BinaryIO, sheet: Sheet, place: int, taken: Taken, blind: BlindIndex
) -> Iterator[list[bytes]]:
    """The blind indexes of the addresses, a batch at a time; counts the rows that hold none."""
    for batch in batches(source, sheet):
        found: set[bytes] = set()
        for row in batch.rows:
            try:
                found.add(blind.email(address(row.cells[place] if isinstance(row, Row) else "").email))
            except BadAddress:
                taken.refused += 1
        if found:
            yield sorted(found)
