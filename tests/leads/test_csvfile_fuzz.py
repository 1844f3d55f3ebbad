"""Any bytes at all: a refusal or rows, never a traceback, and no record lost."""

import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads import blocks
from leads.csvfile import CsvRefused, Place, Row, Sheet, batches, describe

pytestmark = pytest.mark.slow

PIECES = [b"a@b.example", b",", b";", b"\n", b"\r\n", b"\r", b'"', b'""', b"\t", b"x", b" ", b"\xe9", b"\x81"]
SCRAPS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)
LETTER = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\"',;|\n\t é")
CELL = st.text(LETTER, max_size=12)
WRITTEN = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=20)


def read(data: bytes) -> tuple[Sheet, list, int, Place]:
    stream = BytesIO(data)
    sheet = describe(stream)
    found = list(batches(stream, sheet))
    return (
        sheet,
        [row for batch in found for row in batch.rows],
        sum(batch.blank for batch in found),
        found[-1].end,
    )


@given(st.binary(max_size=400) | SCRAPS)
def test_any_bytes_are_read_or_refused(data):
    try:
        read(data)
    except CsvRefused:
        return


@given(SCRAPS)
@settings(max_examples=400)
def test_every_record_is_a_row_a_bad_row_or_blank(scraps):
    sheet, rows, blank, end = read(b"email,name\na@b.example,A\n" + scraps)

    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(len(row.cells) == len(sheet.columns) for row in rows if isinstance(row, Row))
    assert all(row.reason.endswith(".") for row in rows if not isinstance(row, Row))
    assert sheet.body.number + len(rows) + blank == end.number


@given(SCRAPS, st.integers(5, 60))
@settings(max_examples=300)
def test_the_size_of_a_block_changes_nothing(scraps, size):
    data = b"email,name\na@b.example,A\n" + scraps + b"\nz@b.example,Z"
    whole = read(data)
    usual, blocks.BLOCK = blocks.BLOCK, size
    try:
        assert read(data) == whole
    finally:
        blocks.BLOCK = usual


@given(SCRAPS)
@settings(max_examples=200)
def test_each_byte_after_the_header_is_in_one_batch(scraps):
    data = b"email,name\na@b.example,A\n" + scraps
    stream = BytesIO(data)
    sheet = describe(stream)

    ends = [sheet.body, *[batch.end for batch in batches(stream, sheet)]]

    assert ends == sorted(ends)
    assert ends[-1].byte == len(data)
    assert list(batches(stream, sheet, Place(*ends[-1]))) == []


@given(
    WRITTEN,
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=300)
def test_what_was_written_is_read(cells, delimiter, codec, end):
    header = ["E-mail", "Name", "Note é"]
    rows = [["first@b.example", "x", "y"], *[[f"p{n}@b.example", *row[1:]] for n, row in enumerate(cells)]]
    out = StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([header, *rows])

    sheet, found, blank, _ = read(out.getvalue().encode(codec))

    assert [column.name for column in sheet.columns] == header
    assert [getattr(row, "cells", row) for row in found] == rows
    assert blank == 0
