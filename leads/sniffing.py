"""What an uploaded file's table is: its delimiter, its header, its columns and a few of their values."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from leads.addresses import looks_like_email
from leads.blocks import byte_length, fields
from leads.records import Record, Shape, records, split_lines
from leads.sheet import MAX_COLUMNS, Column, CsvRefused, Place, Sheet
from leads.survey import EMPTY, Survey, survey
from leads.vocabulary import Target, named
from paitho.lib.text import tidy

DELIMITERS = ",;\t|"
SAMPLED = 1000  # records looked at
SAMPLES = 5  # values shown of each column
NAME_LENGTH = 200
SAMPLE_LENGTH = 200

ONLY_HEADER = "This file has a header and no rows below it."
NO_EMAIL = "No column of this file holds e-mail addresses; at least one is needed to write to anyone."
TOO_MANY_COLUMNS = f"This file has more than {MAX_COLUMNS} columns. Remove those that you do not need."
BAD_HEADER = "The first row of this file cannot be read: a quote in it never closes, or it is too long."
NO_HEADER = "The first row is data, not a header, so the columns are numbered."
MOJIBAKE = (
    "Some letters look as if this file had been saved in a wrong encoding before (Ã© in place of é). "
    "They are imported as they are."
)

_MOJIBAKE = re.compile(
    "[ÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e]|â€[\u2122\u0153\u201c\u201d\u02dc]"
)
_SEP_LINE = re.compile(r"\"?sep=([^\r\n\"])\"?(?:\r\n|\r|\n)", re.IGNORECASE)


@dataclass(frozen=True)
class _Table:
    """The records of the head, which of them is the header (or the first row), and whether it is one."""

    found: list[Record]
    top: int
    has_header: bool

    @property
    def header(self) -> list[str]:
        return self.found[self.top].cells

    @property
    def body(self) -> list[Record]:
        return self.found[self.top + self.has_header :]


def sniff(stream: BinaryIO, *, needs_email: bool = True) -> Sheet:
    """Reads the stream from where it stands to its end. Raises CsvRefused."""
    seen = survey(stream)
    separated = _SEP_LINE.match(seen.text)
    skipped = [separated[0]] if separated else []
    lines = split_lines(seen.text)[len(skipped) :]
    if not any(map(str.strip, lines)):
        raise CsvRefused(EMPTY if seen.is_whole else BAD_HEADER)
    delimiter = separated[1] if separated else _delimiter(lines, ended=seen.is_whole)
    shape = Shape(delimiter, is_spaced=_is_spaced(lines, delimiter))
    table = _table(list(islice(records(lines, shape, ended=seen.is_whole), SAMPLED)))
    columns = _columns(table)
    _check(seen, table, columns, needs_email=needs_email)
    before = skipped + lines[: _body_line(table)]
    return Sheet(
        encoding=seen.guess.codec,
        delimiter=delimiter,
        columns=columns,
        approximate_rows=_row_count(seen, table, len(lines), len(before)),
        has_header=table.has_header,
        warnings=tuple(_warnings(seen, table, columns)),
        body=Place(
            seen.mark + byte_length(seen.head, before, seen.guess.codec), 1 + table.top + table.has_header
        ),
        header=tuple(table.header) if table.has_header else (),
        is_damaged=seen.guess.damaged,
        is_spaced=shape.is_spaced,
    )


def _delimiter(lines: list[str], *, ended: bool) -> str:
    """The one that parts the most records alike, and of those the one that parts them finest."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(lines[:2000], delimiter, ended=ended))


def _regularity(lines: list[str], delimiter: str, *, ended: bool) -> tuple[float, int]:
    found = islice(records(lines, Shape(delimiter), ended=ended), 200)
    widths = Counter(len(record.cells) for record in found if not _is_blank(record))
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return (round(count / widths.total(), 1), width) if width > 1 else (0.0, widths.keys() != {1})


def _is_spaced(lines: list[str], delimiter: str) -> bool:
    """Whether quotes open after a delimiter and a space, and nowhere at once: `a, "b, c"`."""
    text = "".join(lines[:SAMPLED])
    return f'{delimiter} "' in text and f'{delimiter}"' not in text


def _table(found: list[Record]) -> _Table:
    """Exports may begin with a title or notes: one-celled records above a table of three columns or more."""
    written = [index for index, record in enumerate(found) if not _is_blank(record)]
    if not written:
        raise CsvRefused(BAD_HEADER)
    width, _ = Counter(len(found[index].cells) for index in written).most_common(1)[0]
    tops = (index for index in written[:20] if len(found[index].cells) == width)
    top = next(tops, written[0]) if width > 2 else written[0]
    if any(_filled(found[index]) > 1 for index in written if index < top):
        top = written[0]
    if found[top].problem:
        raise CsvRefused(BAD_HEADER)
    cells = found[top].cells
    has_header = not any(map(looks_like_email, cells)) or any(map(_names_email, cells))
    return _Table(found, top, has_header)


def _is_blank(record: Record) -> bool:
    return not record.problem and not _filled(record)


def _filled(record: Record) -> int:
    return sum(map(bool, map(str.strip, record.cells)))


def _columns(table: _Table) -> tuple[Column, ...]:
    width = len(table.header)
    names = _unique([tidy(cell, NAME_LENGTH) if table.has_header else "" for cell in table.header])
    whole = [record.cells for record in table.body if len(record.cells) == width]
    return tuple(Column(name, _samples(cells[index] for cells in whole)) for index, name in enumerate(names))


def _unique(names: Sequence[str]) -> list[str]:
    """Each name once: the second `Phone` is `Phone (2)`, a column without a name is called by its number."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    unique = []
    for number, name in enumerate(names, 1):
        candidate, copy = name or f"Column {number}", 2
        while candidate.casefold() in seen or (candidate != name and candidate.casefold() in taken):
            candidate, copy = f"{name or f'Column {number}'} ({copy})", copy + 1
        seen.add(candidate.casefold())
        unique.append(candidate)
    return unique


def _samples(cells: Iterator[str]) -> tuple[str, ...]:
    different = dict.fromkeys(value for cell in cells if (value := tidy(cell, SAMPLE_LENGTH)))
    return tuple(islice(different, SAMPLES))


def _check(seen: Survey, table: _Table, columns: Sequence[Column], *, needs_email: bool) -> None:
    if len(columns) > MAX_COLUMNS:
        raise CsvRefused(TOO_MANY_COLUMNS)
    if seen.is_whole and needs_email and all(map(_is_blank, table.body)):
        raise CsvRefused(ONLY_HEADER)
    if needs_email and not any(_holds_email(column, table) for column in columns):
        raise CsvRefused(NO_EMAIL)


def _holds_email(column: Column, table: _Table) -> bool:
    return (table.has_header and _names_email(column.name)) or any(map(looks_like_email, column.samples))


def _names_email(cell: str) -> bool:
    name = named(cell[:NAME_LENGTH])
    return name is not None and name[0] is Target.EMAIL


def _body_line(table: _Table) -> int:
    top = table.found[table.top]
    return top.last if table.has_header else top.first


def _row_count(seen: Survey, table: _Table, lines: int, before: int) -> int:
    """Exact for a file that was seen whole; else the line ends, with as many to a row as in the head."""
    rows = sum(not _is_blank(record) for record in table.body)
    if seen.is_whole and table.found[-1].last == lines:
        return rows
    looked_at = table.found[-1].last - _body_line(table)
    return round((seen.breaks - before) * rows / max(looked_at, 1))


def _warnings(seen: Survey, table: _Table, columns: Sequence[Column]) -> Iterator[str]:
    if seen.guess.warning:
        yield seen.guess.warning
    if _MOJIBAKE.search(seen.text):
        yield MOJIBAKE
    if table.top and any(not _is_blank(record) for record in table.found[: table.top]):
        yield f"The table starts in row {table.top + 1}; the rows above it are skipped."
    if not table.has_header:
        yield NO_HEADER
        return
    renamed = [
        c.name for c, cell in zip(columns, table.header, strict=True) if c.name != tidy(cell, NAME_LENGTH)
    ]
    if renamed:
        yield f"Columns without a name of their own are called {', '.join(renamed)}."
    yield from _width_warning(table)


def _width_warning(table: _Table) -> Iterator[str]:
    widths = Counter(
        len(record.cells) for record in table.body if not record.problem and not _is_blank(record)
    )
    if widths and (usual := widths.most_common(1)[0][0]) != len(table.header):
        wide = len(table.header)
        yield f"Most rows have {fields(usual)}, the header has {wide}: rows that do not fit are rejected."
