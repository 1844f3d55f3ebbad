"""What a CSV file is made of: sheets, columns, rows, and places to go on from."""

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from leads.errors import LeadsError

MAX_BYTES = 200 * 1024 * 1024
MAX_COLUMNS = 200

Source = str | PathLike[str] | BinaryIO


class CsvRefused(LeadsError):
    """The file as a whole cannot be imported."""


class Row(NamedTuple):
    """A record with one cell per column, as it stands in the file."""

    number: int
    cells: list[str]


class BadRow(NamedTuple):
    """A record that cannot be a row; `raw` is its text (at most 32 KB of it), `reason` a sentence."""

    number: int
    raw: str
    reason: str


class Place(NamedTuple):
    """Where to go on: a byte at which a record starts, and that record's number."""

    byte: int
    number: int


class Batch(NamedTuple):
    """Some rows in order, how many blank records were skipped among them, and where the next batch starts."""

    rows: list[Row | BadRow]
    blank: int
    end: Place


@dataclass(frozen=True)
class Column:
    """A column's name, unique in its sheet, and a few different values from its first rows."""

    name: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """How a file is to be read. `header` is the header's cells as they stand in the file, if it has one."""

    encoding: str
    delimiter: str
    columns: tuple[Column, ...]
    approximate_rows: int
    has_header: bool
    warnings: tuple[str, ...]
    body: Place
    header: tuple[str, ...] = ()
    is_damaged: bool = False  # some bytes are not of the encoding
    is_spaced: bool = False  # a space after the delimiter belongs to neither cell

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Sheet":
        kept: dict[str, Any] = json.loads(text)
        kept["columns"] = tuple(Column(c["name"], tuple(c["samples"])) for c in kept["columns"])
        kept["warnings"], kept["header"] = tuple(kept["warnings"]), tuple(kept["header"])
        kept["body"] = Place(*kept["body"])
        return cls(**kept)


def opened(source: Source) -> AbstractContextManager[BinaryIO]:
    """The file, closed at the end; a stream that the caller brought stays open."""
    return Path(source).open("rb") if isinstance(source, (str, PathLike)) else nullcontext(source)
