"""An uploaded CSV file, whoever wrote it: what it is, and its rows, streamed.

`describe` reads the whole file once and says what it is, or refuses it in a sentence; `batches` and `rows`
read it with flat memory from any place that a batch ended at. Every record that is not blank comes out once,
as a Row or as a BadRow with its reason, numbered as a spreadsheet numbers its rows.
"""

from collections.abc import Iterator

from leads.blocks import batches
from leads.sheet import BadRow, Batch, Column, CsvRefused, Place, Row, Sheet, Source, opened
from leads.sniffing import sniff

__all__ = [
    "BadRow",
    "Batch",
    "Column",
    "CsvRefused",
    "Place",
    "Row",
    "Sheet",
    "Source",
    "batches",
    "describe",
    "rows",
]


def describe(source: Source, *, needs_email: bool = True) -> Sheet:
    """What the file is. Raises CsvRefused. A stream is read from where it stands and not rewound."""
    with opened(source) as stream:
        return sniff(stream, needs_email=needs_email)


def rows(source: Source, sheet: Sheet, start: Place | None = None) -> Iterator[Row | BadRow]:
    """The rows from `start` (by default the first) to the end."""
    for batch in batches(source, sheet, start):
        yield from batch.rows
