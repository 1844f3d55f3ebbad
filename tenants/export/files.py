"""The bundle's files: one plain PostgreSQL script, and a CSV for each table; both streamed."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import IO, Any, Protocol, TextIO, cast

from keychain.crypto.secret import Secret
from paitho.lib.text import formula_safe
from tenants.export.tables import Table

ESCAPES = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)
# Leaner than a row, larger than a system call.
BUFFER = 256 * 1024
LEVEL = 2
TOLD_EVERY = 1000


class Bytes(Protocol):
    def write(self, data: bytes, /) -> int: ...


Opened = Callable[[str], AbstractContextManager[Bytes]]
Progress = Callable[[str, int], None]


class Sink(io.RawIOBase):
    """What a text layer needs of a file that is only written to."""

    def __init__(self, out: Bytes) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._out.write(bytes(data))


def text_into(out: Bytes, encoding: str = "utf-8") -> TextIO:
    buffered = io.BufferedWriter(Sink(out), BUFFER)
    return io.TextIOWrapper(buffered, encoding=encoding, newline="", write_through=False)


def write(slug: str, tables: Iterable[Table], opened: Opened, told: Progress) -> dict[str, int]:
    """Write `<slug>.sql.gz` and `csv/<table>.csv` in one pass; returns the rows of each table.

    `told` hears, now and then, the table and how many rows more were written.
    """
    counts: dict[str, int] = {}
    with (
        opened(f"{slug}.sql.gz") as packed,
        gzip.GzipFile("", "wb", LEVEL, cast("IO[bytes]", packed), 0) as zipped,
    ):
        script = text_into(cast("Bytes", zipped))
        script.write("SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nBEGIN;\n")
        for table in tables:
            with opened(f"csv/{table.name}.csv") as out:
                sheet = text_into(out, "utf-8-sig")
                counts[table.name] = _table(table, script, sheet, told)
                sheet.flush()
        script.write("COMMIT;\n")
        script.flush()
    return counts


def _table(table: Table, script: TextIO, sheet: TextIO, told: Progress) -> int:
    columns = ",\n".join(f'    "{column.name}" {column.type}' for column in table.columns)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    script.write(f'\nCREATE TABLE "{table.name}" (\n{columns},\n    PRIMARY KEY ("{table.key}")\n);\n')
    script.write(f'COPY "{table.name}" ({names}) FROM stdin;\n')
    lines = csv.writer(sheet)
    lines.writerow([column.name for column in table.columns])
    count = 0
    for row in table.rows():
        cells = [shown(value) for value in row]
        script.write("\t".join(map(copied, cells)) + "\n")
        lines.writerow([formula_safe(cell or "") for cell in cells])
        count += 1
        if count % TOLD_EVERY == 0:
            told(table.name, TOLD_EVERY)
    told(table.name, count % TOLD_EVERY)
    script.write("\\.\n")
    return count


def shown(value: Any) -> str | None:
    """A value as text: JSON for structures, ISO 8601 for times, hexadecimal for bytes; None for NULL."""
    if value is None or isinstance(value, str):
        # PostgreSQL's text holds no zero character.
        return value.replace("\0", "") if value and "\0" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return shown(value.reveal())
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
        return json.dumps(without_zero(value), ensure_ascii=False) if "\\u0000" in text else text
    return str(value)


def without_zero(value: Any) -> Any:
    """A JSON value without zero characters, which jsonb refuses."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_zero(each) for each in value]
    if isinstance(value, dict):
        return {without_zero(name): without_zero(each) for name, each in value.items()}
    return value


def copied(cell: str | None) -> str:
    """A cell in the text format of COPY (PostgreSQL manual, COPY, "Text Format")."""
    return "\\N" if cell is None else cell.translate(ESCAPES)
