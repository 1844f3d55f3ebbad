"""Reads tables back out of an export's script, for those who check one without a database."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNESCAPED = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
ESCAPE = re.compile(r"\\(.)")
Row = dict[str, str | None]


def rows_of(script: Iterable[str], wanted: set[str]) -> dict[str, list[Row]]:
    """The rows of these tables as text, by column (PostgreSQL manual, COPY, "Text Format")."""
    found: dict[str, list[Row]] = {name: [] for name in wanted}
    table, columns = None, list[str]()
    for line in script:
        if table is None and line.startswith('COPY "'):
            table, columns = line.split('"')[1], line.split('"')[3::2]
        elif line == "\\.\n":
            table = None
        elif table in wanted:
            cells = line.rstrip("\n").split("\t")
            found[str(table)].append(dict(zip(columns, map(_value, cells), strict=True)))
    return found


def _value(cell: str) -> str | None:
    if cell == "\\N":
        return None
    return ESCAPE.sub(lambda found: UNESCAPED.get(found[1], found[1]), cell) if "\\" in cell else cell
