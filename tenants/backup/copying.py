"""Reads `pg_dump --section=data` as it streams by: where each table's rows begin and end, and how many.

The script holds settings, `COPY schema.table (columns) FROM stdin;` with its rows, and `setval` of sequences.
Anything else is refused: this is the one place where a stored script meets a live database, and it does
not run what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tenants.backup.errors import NotWhole

COPY = re.compile(
    rb'COPY (?P<schema>[a-z0-9_]+)\.(?P<table>"?[a-z0-9_]+"?) \((?P<columns>[a-z0-9_", ]+)\) FROM stdin;'
)
SETVAL = re.compile(
    rb"SELECT pg_catalog\.setval\('(?P<schema>[a-z0-9_]+)\.(?P<name>[a-z0-9_]+)',"
    rb" (?P<value>\d+), (?P<called>true|false)\);"
)
# Comments, settings of the session that ran the dump, and psql's own commands.
IGNORED = re.compile(
    rb"(--.*|SET .*|SELECT pg_catalog\.set_config\('search_path', '', false\);|\\(un)?restrict \w+|)"
)
LONGEST_LINE = 64 * 1024
END = b"\\.\n"


@dataclass(frozen=True, slots=True)
class Begin:
    """Rows of a table follow, of these columns (quoted as SQL wants them)."""

    table: str
    columns: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Some whole lines of the table that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """The table's rows have ended."""

    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence's place."""

    name: str
    value: int
    is_called: bool


Part = Begin | Rows | Done | Sequence


class Parser:
    """Feed it pieces of the script; it gives what they hold. `schema` is the only one it knows."""

    def __init__(self, schema: str) -> None:
        self._schema, self._rest = schema.encode(), b""
        self._table: str | None = None
        self._count = 0

    def feed(self, piece: bytes) -> Iterator[Part]:
        self._rest += piece
        while True:
            before = len(self._rest)
            part = self._row_block() if self._table is not None else self._statement()
            if part is not None:
                yield part
            elif len(self._rest) == before:
                return

    def finish(self) -> None:
        if self._table is not None or self._rest.strip():
            raise NotWhole("The data end in the middle of a table.")

    def _row_block(self) -> Part | None:
        """The whole lines at hand, up to the end of the table if it is among them."""
        data = self._rest
        if data.startswith(END):
            self._rest = data[len(END) :]
            done, self._table = Done(str(self._table), self._count), None
            return done
        end = data.find(b"\n" + END)
        cut = end + 1 if end >= 0 else data.rfind(b"\n") + 1
        if cut == 0:
            return None
        self._rest = data[cut:]
        rows = data[:cut]
        self._count += rows.count(b"\n")
        return Rows(rows)

    def _statement(self) -> Part | None:
        line, found, rest = self._rest.partition(b"\n")
        if not found:
            if len(line) > LONGEST_LINE:
                raise NotWhole("The backup holds a statement that is not known here.")
            return None
        self._rest = rest
        if copy := COPY.fullmatch(line):
            return self._begun(copy)
        if setval := SETVAL.fullmatch(line):
            self._refuse_other(setval["schema"])
            return Sequence(setval["name"].decode(), int(setval["value"]), setval["called"] == b"true")
        if not IGNORED.fullmatch(line):
            raise NotWhole("The backup holds a statement that is not known here.")
        return None

    def _begun(self, copy: re.Match[bytes]) -> Begin:
        self._refuse_other(copy["schema"])
        self._table, self._count = copy["table"].decode().strip('"'), 0
        return Begin(self._table, copy["columns"].decode())

    def _refuse_other(self, schema: bytes) -> None:
        if schema != self._schema:
            raise NotWhole("The backup writes to another workspace.")


def counted(parts: Iterable[Part], counts: dict[str, int]) -> None:
    """Add the rows of the tables that ended to `counts`."""
    for part in parts:
        if isinstance(part, Done):
            counts[part.table] = part.rows
