"""A file's rows in blocks of whole lines: flat memory, and any block's end is a place to go on from."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import BinaryIO

from leads.records import LONGEST_FIELD, Record, Shape, plain_lines, plain_records, records, split_lines
from leads.sheet import BadRow, Batch, Place, Row, Sheet, Source, opened

BLOCK = 64 * 1024  # larger blocks fall out of the processor's cache and are slower
LONGEST_LINE = 1024 * 1024
RAW_SHOWN = LONGEST_FIELD

HEADER_AGAIN = "The header is repeated in this row."
BROKEN_TEXT = "This row holds characters that the file's encoding does not have."
LINE_TOO_LONG = "This row is longer than 1 MB."
_ROW = partial(tuple.__new__, Row)  # Row._make without its Python frame: a tenth of the time of a row
_BLANKS = " \t\r\n"
_BROKEN = re.compile("[\ud800-\udfff]")


def batches(source: Source, sheet: Sheet, start: Place | None = None) -> Iterator[Batch]:
    """The rows in batches of up to a few thousand; go on from any batch's `end`."""
    place = start or sheet.body
    with opened(source) as stream:
        _go_to(stream, place.byte)
        pending, ended = b"", False
        while not ended:
            more = stream.read(BLOCK)
            ended = not more
            block, pending = cut(pending + more, sheet.encoding, ended=ended)
            if block:
                batch, used = _parsed(block, sheet, place, ended=ended)
                pending = block[used:] + pending
            elif len(pending) > LONGEST_LINE:
                batch, pending = _without_line(stream, pending, sheet, place)
            else:
                continue
            place = batch.end
            yield batch


def decoded(block: bytes, encoding: str) -> str:
    """The text; bytes that are not of the encoding become lone surrogates, half a UTF-16 unit is dropped."""
    if encoding.startswith("utf-16"):
        return block[: len(block) // 2 * 2].decode(encoding, "surrogatepass")
    return block.decode(encoding, "surrogateescape")


def byte_length(block: bytes, lines: list[str], encoding: str) -> int:
    """How many bytes the given first lines of the block take."""
    if encoding.startswith("utf-16"):
        return len("".join(lines).encode(encoding, "surrogatepass"))
    # In every other encoding read here the bytes of CR and LF mean nothing else.
    return sum(map(len, block.splitlines(keepends=True)[: len(lines)]))


def cut(data: bytes, encoding: str, *, ended: bool) -> tuple[bytes, bytes]:
    """The whole lines at the start of the data, and the rest."""
    if ended:
        return data, b""
    feed, back = "\n".encode(encoding), "\r".encode(encoding)
    # A CR at the very end may be half of a CRLF.
    end = _after_last(data, feed) or _after_last(data[: -len(back)], back)
    return data[:end], data[end:]


def _after_last(data: bytes, mark: bytes) -> int:
    at = data.rfind(mark)
    while at > 0 and at % len(mark):
        at = data.rfind(mark, 0, at + len(mark) - 1)
    return at + len(mark) if at >= 0 else 0


def _go_to(stream: BinaryIO, byte: int) -> None:
    if stream.seekable():
        stream.seek(byte)
        return
    while byte and (skipped := stream.read(min(byte, BLOCK))):
        byte -= len(skipped)


def _parsed(block: bytes, sheet: Sheet, place: Place, *, ended: bool) -> tuple[Batch, int]:
    """The block's batch, and how many of its bytes are in it."""
    text = decoded(block, sheet.encoding)
    lines = plain_lines(text)
    shape = Shape(sheet.delimiter, len(sheet.columns), sheet.is_spaced)
    cells = plain_records(lines, shape)
    if cells is not None:
        rows, blank = _plain_rows(cells, lines, sheet, place.number)
        return Batch(rows, blank, Place(place.byte + len(block), place.number + len(cells))), len(block)
    lines = split_lines(text)
    found = list(records(lines, shape, ended=ended))
    judged = [_judged(record, lines, sheet, n) for n, record in enumerate(found, place.number)]
    kept = [row for row in judged if row]
    last = found[-1].last if found else 0
    used = len(block) if last == len(lines) else byte_length(block, lines[:last], sheet.encoding)
    end = Place(place.byte + used, place.number + len(found))
    return Batch(kept, len(judged) - len(kept), end), used


def _plain_rows(
    cells: list[list[str]], lines: list[str], sheet: Sheet, number: int
) -> tuple[list[Row | BadRow], int]:
    if _all_usual(cells, sheet):
        return list(map(_ROW, zip(count(number), cells))), 0
    judged = [
        _judged(Record(row, index, index + 1), lines, sheet, number + index)
        for index, row in enumerate(cells)
    ]
    rows = [row for row in judged if row]
    return rows, len(judged) - len(rows)


def _all_usual(cells: list[list[str]], sheet: Sheet) -> bool:
    """Whether each record is plainly a row: as wide as the header, with a first cell, not the header."""
    if sheet.is_damaged or set(map(len, cells)) != {len(sheet.columns)}:
        return False
    firsts = [row[0] for row in cells]
    return min(firsts) > "!" and not set(sheet.header[:1]).intersection(firsts)


def _is_usual(cells: list[str], sheet: Sheet) -> bool:
    usual = not sheet.is_damaged and len(cells) == len(sheet.columns) and cells[0] > "!"
    return usual and cells[0] not in sheet.header[:1]


def _judged(record: Record, lines: list[str], sheet: Sheet, number: int) -> Row | BadRow | None:
    """The record as a row or with what is wrong with it; None if it is blank."""
    cells, width = record.cells, len(sheet.columns)
    if not record.problem and _is_usual(cells, sheet):
        return Row(number, cells)
    if not record.problem and not any(cell.strip(_BLANKS) for cell in cells):
        return None
    reason = record.problem
    if not reason and sheet.is_damaged and any(map(_BROKEN.search, cells)):
        reason = BROKEN_TEXT
    elif not reason and tuple(cells) == sheet.header:
        reason = HEADER_AGAIN
    elif not reason and (any(cells[width:]) or len(cells) < width):
        reason = f"This row has {fields(len(cells))}, the file has {width} columns."
    if reason:
        return BadRow(number, _raw(record, lines), reason)
    return Row(number, cells[:width])


def fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _raw(record: Record, lines: list[str]) -> str:
    text = "".join(lines[record.first : record.last])[:RAW_SHOWN].rstrip("\r\n")
    return _BROKEN.sub("\ufffd", text)


def _without_line(stream: BinaryIO, pending: bytes, sheet: Sheet, place: Place) -> tuple[Batch, bytes]:
    """A bad row for a line that is longer than any row, read over to its end without keeping it."""
    shown = _BROKEN.sub("\ufffd", decoded(pending[:RAW_SHOWN], sheet.encoding))
    skipped, data = 0, pending
    while not (end := _after_first(data, sheet.encoding)):
        more = stream.read(BLOCK)
        if not more:
            end = len(data)
            break
        # The tail may hold the first half of a line end; its length keeps UTF-16 in step.
        tail = data[-2 - len(data) % 2 :]
        skipped, data = skipped + len(data) - len(tail), tail + more
    bad = BadRow(place.number, shown, LINE_TOO_LONG)
    return Batch([bad], 0, Place(place.byte + skipped + end, place.number + 1)), data[end:]


def _after_first(data: bytes, encoding: str) -> int:
    feed, back = "\n".encode(encoding), "\r".encode(encoding)
    step = len(feed)
    at_feed, at_back = _first(data, feed), _first(data, back)
    if at_back + step < len(data) and at_back < at_feed:
        return at_back + step * (2 if at_feed == at_back + step else 1)
    return at_feed + step if at_feed < len(data) else 0


def _first(data: bytes, mark: bytes) -> int:
    at = data.find(mark)
    while at % len(mark) and at >= 0:
        at = data.find(mark, at + 1)
    return at if at >= 0 else len(data)
