"""The bundle's files: one plain PostgreSQL script, and a CSV for each table; both streamed."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

from keychain.crypto.secret import Secret
from paitho.lib.text import formula_safe
from tenants.export.tables import Table

ESCAPES = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)


def write(slug: str, tables: Iterable[Table], folder: Path) -> dict[str, int]:
    """Write `<slug>.sql.gz` and `csv/<table>.csv` in one pass; returns the rows of each table."""
    counts: dict[str, int] = {}
    (folder / "csv").mkdir(parents=True)
    with gzip.open(
        folder / f"{slug}.sql.gz", "wt", encoding="utf-8", compresslevel=4, newline="\n"
    ) as script:
        script.write("SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nBEGIN;\n")
        for table in tables:
            with (folder / "csv" / f"{table.name}.csv").open("w", encoding="utf-8-sig", newline="") as sheet:
                counts[table.name] = _table(table, script, sheet)
        script.write("COMMIT;\n")
    return counts


def _table(table: Table, script: TextIO, sheet: TextIO) -> int:
    columns = ",\n".join(f'    "{column.name}" {column.type}' for column in table.columns)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    script.write(f'\nCREATE TABLE "{table.name}" (\n{columns},\n    PRIMARY KEY ("{table.key}")\n);\n')
    script.write(f'COPY "{table.name}" ({names}) FROM stdin;\n')
    lines = csv.writer(sheet)
    lines.writerow([column.name for column in table.columns])
    count = 0
    for row in table.rows():
        script.write("\t".join(map(copied, row)) + "\n")
        lines.writerow([formula_safe(shown(value)) for value in row])
        count += 1
    script.write("\\.\n")
    return count


def shown(value: Any) -> str:
    """A value as text: JSON for structures, ISO 8601 for times, hexadecimal for bytes, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def copied(value: Any) -> str:
    """A value in the text format of COPY (PostgreSQL manual, COPY, "Text Format")."""
    if value is None:
        return "\\N"
    # PostgreSQL's text holds no zero character.
    return shown(value).replace("\0", "").translate(ESCAPES)
