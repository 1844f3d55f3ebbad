"""The rows that were not imported, as a CSV that can be corrected and imported again."""

import csv
from collections.abc import Iterable
from typing import NamedTuple, TextIO

from leads.sheet import BadRow, Column, Row
from paitho.lib.text import formula_safe


class Reject(NamedTuple):
    """A row and why it was not imported."""

    row: Row | BadRow
    reason: str

    @classmethod
    def of(cls, bad: BadRow) -> "Reject":
        return cls(bad, bad.reason)


def write_rejects(
    out: TextIO, columns: Iterable[Column], rejects: Iterable[Reject], *, header: bool = True
) -> int:
    """Writes the original columns, `row` and `reason`, safe to open in a spreadsheet; returns how many rows.

    Without `header` it goes on where an earlier call ended. A record that could not be split into the columns
    stands as it was in the first of them. `out` is opened with newline="" and, for Excel's sake, encoding
    "utf-8-sig".
    """
    names = [column.name for column in columns]
    writer = csv.writer(out)
    if header:
        writer.writerow([*map(formula_safe, names), _free("row", names), _free("reason", names)])
    count = 0
    for reject in rejects:
        row = reject.row
        cells = row.cells if isinstance(row, Row) else [row.raw, *[""] * (len(names) - 1)]
        writer.writerow([*map(formula_safe, cells), row.number, reject.reason])
        count += 1
    return count


def _free(name: str, taken: list[str]) -> str:
    """The name, or `row (2)` when the file has a column `row` of its own."""
    lowered, free, copy = {each.casefold() for each in taken}, name, 2
    while free in lowered:
        free, copy = f"{name} ({copy})", copy + 1
    return free
