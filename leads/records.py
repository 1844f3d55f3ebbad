"""Lines into records: the csv module where quotes behave, and a recovery where one never closes.

A quote that opens and never closes makes everything after it one field. Such a span is told by its signs:
the file ends inside it, it outgrows a record, text follows its closing quote, or a line inside it is a row of
its own, with an address in its place. Its lines are then read one by one: the line that opens the quote is a
bad record, those after it are what they say.

Every line is read at most three times, so a hostile file costs no more than a long one.
"""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from leads.addresses import looks_like_email

if TYPE_CHECKING:
    from _csv import Reader

LONGEST_FIELD = 32 * 1024
LONGEST_RECORD = 256 * 1024
_END = "\0"  # a line of its own after the last: files with NUL are refused, so no file holds it

NEVER_CLOSES = "A quote opens in this row and never closes."
FIELD_TOO_LONG = "A field of this row is longer than 32 KB."


class Record(NamedTuple):
    """The lines first..last (last excluded) and their cells, or what is wrong with them."""

    cells: list[str]
    first: int
    last: int
    problem: str = ""


class Shape(NamedTuple):
    """What a record of this file looks like. `width` 0 takes any number of fields."""

    delimiter: str
    width: int = 0
    is_spaced: bool = False  # a space after the delimiter belongs to neither cell

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> "Reader":
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.is_spaced, strict=strict)


class _Feed:
    """Lines from one on, which knows afterwards whether it was read to its end."""

    def __init__(self, lines: list[str], at: int) -> None:
        self.lines, self.at, self.ended = lines, at, False

    def __iter__(self) -> Iterator[str]:
        for index in range(self.at, len(self.lines)):
            yield self.lines[index]
        self.ended = True


def split_lines(text: str) -> list[str]:
    """The lines with their ends: CR, LF and CRLF, also mixed; no other character ends a line."""
    return list(StringIO(text, newline=""))


def plain_lines(text: str) -> list[str]:
    """The lines without their ends, found faster; for text in which no field holds a line end."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def plain_records(lines: list[str], shape: Shape) -> list[list[str]] | None:
    """The fast path: the cells of each line, if each line is a record of its own; None if some are not."""
    if max(map(len, lines), default=0) > LONGEST_FIELD:
        return None
    try:
        cells = list(shape.reader([*lines, _END]))
    except csv.Error:  # a field of several lines beyond what the csv module takes
        return None
    if len(cells) != len(lines) + 1 or cells.pop() != [_END]:
        return None
    return cells


def records(lines: list[str], shape: Shape, *, ended: bool) -> Iterator[Record]:
    """The records of the lines, in order, without gaps.

    When the lines are not all of the file (`ended` false), a record that is still open at the last of
    them is left out; the caller brings its lines again with more behind them.
    """
    at = 0
    while at < len(lines):
        feed = _Feed(lines, at)
        reader = shape.reader(feed, strict=True)
        start = at
        try:
            for cells in reader:
                last = start + reader.line_num
                yield from _judged(Record(cells, at, last), lines, shape)
                at = last
        except csv.Error:
            last = len(lines) if feed.ended else max(start + reader.line_num - 1, at + 1)
            if feed.ended and not ended and _length(lines, at, last) < LONGEST_RECORD:
                return
            yield from _one_by_one(lines, at, last, shape)
            at = last


def _judged(record: Record, lines: list[str], shape: Shape) -> Iterator[Record]:
    if record.last - record.first > 1 and _swallowed(record, lines, shape):
        yield from _one_by_one(lines, record.first, record.last, shape)
    elif _has_long(record.cells):
        yield record._replace(problem=FIELD_TOO_LONG)
    else:
        yield record


def _swallowed(record: Record, lines: list[str], shape: Shape) -> bool:
    """Whether a line inside the record is a row: as wide as others, with an address where the record has one.

    Where the record is not one itself, an address in any place will do.
    """
    inside = [line for line in lines[record.first + 1 : record.last] if "@" in line]
    if not inside:
        return False
    width = shape.width or len(record.cells)
    sound = len(record.cells) == width and not _has_long(record.cells)
    places = [i for i, cell in enumerate(record.cells) if looks_like_email(cell)] if sound else range(width)
    alone = (_alone(line, shape) for line in inside)
    return any(
        len(cells) == width and any(looks_like_email(cells[i]) for i in places) for cells in alone if cells
    )


def _one_by_one(lines: list[str], first: int, last: int, shape: Shape) -> Iterator[Record]:
    for index in range(first, last):
        cells = _alone(lines[index], shape)
        if cells is None:
            long = len(lines[index]) > LONGEST_FIELD and '"' not in lines[index]
            yield Record([], index, index + 1, FIELD_TOO_LONG if long else NEVER_CLOSES)
        else:
            yield Record(cells, index, index + 1, FIELD_TOO_LONG if _has_long(cells) else "")


def _alone(line: str, shape: Shape) -> list[str] | None:
    """The cells of one line; None if a quote is open at its end or a field is beyond the csv module."""
    reader = shape.reader([line, _END])
    try:
        cells = next(reader)
        return cells if next(reader) == [_END] else None
    except (csv.Error, StopIteration):
        return None


def _length(lines: list[str], first: int, last: int) -> int:
    return sum(len(lines[i]) for i in range(first, last))


def _has_long(cells: list[str]) -> bool:
    return max(map(len, cells), default=0) > LONGEST_FIELD
