"""Files as programs and people write them: read as they mean, or refused in a sentence."""

# ruff: noqa: RUF001 - the letters of other alphabets are meant

import csv
import tracemalloc
from io import BufferedReader, BytesIO, RawIOBase, StringIO
from itertools import chain, repeat

import pytest

from leads import blocks, csvfile, filekinds, sniffing, survey
from leads.csvfile import BadRow, CsvRefused, Place, Row, Sheet, batches, describe, rows
from leads.records import FIELD_TOO_LONG, NEVER_CLOSES
from tests.paths import DATA

US500 = (DATA / "us-500.csv").read_text(encoding="utf-8")


def read(data: bytes | str) -> tuple[Sheet, list[Row | BadRow]]:
    stream = BytesIO(data.encode() if isinstance(data, str) else data)
    sheet = describe(stream)
    return sheet, list(rows(stream, sheet))


def cells(data: bytes | str) -> list[list[str]]:
    return [row.cells for row in read(data)[1] if isinstance(row, Row)]


def bad(data: bytes | str) -> list[tuple[int, str]]:
    return [(row.number, row.reason) for row in read(data)[1] if isinstance(row, BadRow)]


def with_delimiter(text: str, delimiter: str) -> str:
    out = StringIO()
    csv.writer(out, delimiter=delimiter).writerows(csv.reader(StringIO(text, newline="")))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        US500.encode(),
        US500.encode("utf-8-sig"),
        US500.encode("utf-16"),
        b"\xfe\xff" + US500.encode("utf-16-be"),
        US500.encode("utf-16-le"),
        US500.encode("utf-16-be"),
        with_delimiter(US500, ";").encode("cp1252"),
        with_delimiter(US500, "\t").encode("utf-16"),
        with_delimiter(US500, "|").encode(),
        ("sep=;\r\n" + with_delimiter(US500, ";")).encode("utf-8-sig"),
        US500.replace("\r\n", "\n").replace("\n", "\r").encode(),
        US500.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
    ],
)
def test_the_sample_has_500_rows_however_it_was_saved(data):
    expected = list(csv.reader(StringIO(US500, newline="")))

    sheet, found = read(data)

    assert [column.name for column in sheet.columns] == expected[0]
    assert [row.cells for row in found if isinstance(row, Row)] == expected[1:]
    assert [row.number for row in found] == list(range(2, 502))
    assert sheet.approximate_rows == 500
    assert sheet.has_header
    assert sheet.warnings == ()


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "Prénom;e-mail\nHélène;h@example.fr\nFrançois;f@example.fr\n"),
        ("cp1252", "name;email\nO\u2019Brien \u2013 \u201cBob\u201d;b@example.ie\n"),
        ("mac_roman", "Prénom;e-mail\nHélène;h@example.fr\nFrançois;f@example.fr\n"),
        ("mac_roman", "nombre;correo\nGarcía Muñoz;g@example.es\n"),
        ("cp1250", "Imię;e-mail\nŁukasz Wiśniewski;l@example.pl\nMałgorzata Dąbrowska;m@example.pl\n"),
        ("iso8859_2", "Imię;e-mail\nŁukasz Wiśniewski;l@example.pl\nMałgorzata Dąbrowska;m@example.pl\n"),
        ("cp1251", "Имя;e-mail\nИван Петров;i@example.ru\nМария Сидорова;m@example.ru\n"),
        ("cp932", "名前,メール\n山田太郎,yamada@example.jp\n株式会社テスト,info@example.jp\n"),
        ("gb18030", "姓名,邮箱\n王小明,wang@example.cn\n北京科技有限公司,li@example.cn\n"),
        ("cp949", "이름,이메일\n김철수,kim@example.kr\n현대자동차,lee@example.kr\n"),
        ("cp1253", "Όνομα;email\nΓιώργος Παπαδόπουλος;g@example.gr\n"),
        ("cp1254", "Ad;email\nAyşe Yıldız;a@example.tr\nÇağlar Gümüş;c@example.tr\n"),
    ],
)
def test_letters_arrive_as_they_were_written(codec, text):
    expected = list(csv.reader(StringIO(text), delimiter=";" if ";" in text else ","))

    sheet, found = read(text.encode(codec))

    assert [[c.name for c in sheet.columns], *[row.cells for row in found]] == expected


def test_one_broken_character_in_a_utf8_file_costs_one_row():
    lines = [f"Zoë {n},zoe{n}@example.com".encode() for n in range(20)]
    lines[7] = b"Zo\xeb 7,zoe7@example.com"

    sheet, found = read(b"name,email\n" + b"\n".join(lines))

    assert sheet.encoding == "utf-8"
    assert sheet.warnings
    assert [row for row in found if isinstance(row, BadRow)] == [
        BadRow(9, "Zo\ufffd 7,zoe7@example.com", blocks.BROKEN_TEXT)
    ]
    assert len(found) == 20


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", survey.EMPTY),
        (b" \r\n\n", survey.EMPTY),
        (b"\xef\xbb\xbf", survey.EMPTY),
        (b"\xef\xbb\xbf\r\n", survey.EMPTY),
        (b"\xff\xfe", survey.EMPTY),
        (b"email,name\r\n", sniffing.ONLY_HEADER),
        (b"email,name", sniffing.ONLY_HEADER),
        (b"email,name\n,\n\n", sniffing.ONLY_HEADER),
        (b"PK\x03\x04\x14\x00[Content_Types].xml xl/workbook.xml", filekinds.EXCEL),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", filekinds.OPEN_DOCUMENT),
        (b"PK\x03\x04leads.csv", filekinds.ARCHIVE),
        (b"\x1f\x8b\x08\x00", filekinds.ARCHIVE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", filekinds.EXCEL),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            filekinds.EXCEL,
        ),
        (b"%PDF-1.7", "This is a PDF document. Upload a CSV file instead."),
        (b"\x89PNG\r\n\x1a\n", filekinds.IMAGE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8", filekinds.IMAGE),
        (b"\n <!DOCTYPE html><html>", filekinds.WEB_PAGE),
        (b"\xef\xbb\xbf<table><tr>", filekinds.WEB_PAGE),
        (b'[{"email": "a@b.example"}]', "This is a JSON file. Upload a CSV file instead."),
        (b'{"leads": []}', "This is a JSON file. Upload a CSV file instead."),
        (b"email,name\na@b.example,A\x00B\n", survey.NUL.format(line=2)),
        ("email,name\na@b.example,A\0B\n".encode("utf-16"), survey.NUL.format(line=2)),
        (b"name,city\nJane,Berlin\n", sniffing.NO_EMAIL),
        (("email" + ",x" * 200 + "\na@b.example" + "," * 200).encode(), sniffing.TOO_MANY_COLUMNS),
        (b'"email,name\na@b.example,A\n', sniffing.BAD_HEADER),
        (b"x" * 600_000, sniffing.BAD_HEADER),
    ],
)
def test_what_is_no_csv_of_leads_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(CsvRefused) as refusal:
        read(data)

    assert str(refusal.value) == sentence


class Made(RawIOBase):
    """A file that is made as it is read: a start, so many megabytes of filling, an end."""

    def __init__(self, start, filling, megabytes, end=b""):
        self.parts = chain([start], repeat(filling * (65536 // len(filling)), megabytes * 16), [end])
        self.rest = b""

    def readable(self):
        return True

    def readinto(self, buffer):
        self.rest = self.rest or next(self.parts, b"")
        taken, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def test_more_than_200_mb_are_refused_while_they_are_read():
    with pytest.raises(CsvRefused, match="larger than 200 MB"):
        describe(BufferedReader(Made(b"email,name\n", b"a@b.example,A\n", 201)))


@pytest.mark.parametrize("filling", [b"x", b'a@b.example,"', b"\xc3\xa9"])
def test_memory_stays_flat_whatever_the_file_is_made_of(filling):
    """Guards against a line or a quoted field that is held until it ends."""
    start, end = b"email,name\na@b.example,A\n" * 12000 + b"b@b.example,", b'\n"\nc@b.example,C\n'
    sheet = describe(BufferedReader(Made(start, filling, 20, end)))
    tracemalloc.start()
    last = []

    for batch in batches(BufferedReader(Made(start, filling, 20, end)), sheet):
        last = batch.rows[-1:] or last
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [row.cells for row in last] == [["c@b.example", "C"]]
    assert peak < 12_000_000


def test_rows_that_do_not_fit_are_bad_rows_with_a_reason():
    assert bad("email,name,city\na@b.example,A\nb@b.example,B,C,D\nc@b.example,C,D\nd\n") == [
        (2, "This row has 2 fields, the file has 3 columns."),
        (3, "This row has 4 fields, the file has 3 columns."),
        (5, "This row has 1 field, the file has 3 columns."),
    ]


def test_empty_cells_beyond_the_last_column_are_no_fault():
    assert cells("email,name\na@b.example,A,,\n") == [["a@b.example", "A"]]


def test_blank_lines_are_skipped_and_counted_and_keep_the_numbering():
    stream = BytesIO(b"\nemail,name\n\na@b.example,A\n,\n \t,\nb@b.example,B\n\n")
    sheet = describe(stream)

    found = list(batches(stream, sheet))

    assert [row.number for batch in found for row in batch.rows] == [4, 7]
    assert sum(batch.blank for batch in found) == 4


def test_a_header_again_in_the_middle_is_a_bad_row():
    assert bad("email,name\na@b.example,A\nemail,name\nb@b.example,B\n") == [(3, blocks.HEADER_AGAIN)]


def test_two_columns_of_one_name_are_told_apart():
    sheet, _ = read("email,Phone,phone,,Phone (2),Column 4\na@b.example,1,2,3,4,5\n")

    assert [c.name for c in sheet.columns] == [
        "email", "Phone", "phone (3)", "Column 4 (2)", "Phone (2)", "Column 4",
    ]  # fmt: skip
    assert sheet.warnings == ("Columns without a name of their own are called phone (3), Column 4 (2).",)


def test_a_file_without_a_header_keeps_its_first_row():
    sheet, found = read("jane@b.example,Jane\njoe@b.example,Joe\n")

    assert not sheet.has_header
    assert [c.name for c in sheet.columns] == ["Column 1", "Column 2"]
    assert sheet.warnings == (sniffing.NO_HEADER,)
    assert [row.number for row in found] == [1, 2]


def test_a_header_that_shows_an_example_is_a_header():
    sheet, found = read("Email,Name (like jane@b.example)\njoe@b.example,Joe\n")

    assert sheet.has_header
    assert len(found) == 1


def test_a_space_between_delimiter_and_quote_is_no_part_of_the_cell():
    data = 'email, name\n"a@b.example", "Acme, Inc"\nb@b.example, "Two\nlines"\n'

    assert cells(data) == [["a@b.example", "Acme, Inc"], ["b@b.example", "Two\nlines"]]


def test_notes_above_the_table_are_skipped():
    sheet, found = read(
        'Notes:\n"When exporting, some addresses are missing."\n\n'
        "First Name,Last Name,Email Address\nJane,Doe,jane@b.example\nJoe,Roe,joe@b.example\n"
    )

    assert [c.name for c in sheet.columns] == ["First Name", "Last Name", "Email Address"]
    assert [row.number for row in found] == [5, 6]
    assert sheet.warnings == ("The table starts in row 4; the rows above it are skipped.",)


def test_line_ends_may_be_mixed_and_stand_inside_quotes():
    data = 'email,note\r\na@b.example,"one\ntwo"\rb@b.example,"three\r\nfour"\nc@b.example,five'

    assert cells(data) == [
        ["a@b.example", "one\ntwo"],
        ["b@b.example", "three\r\nfour"],
        ["c@b.example", "five"],
    ]


def test_unusual_line_separators_are_part_of_a_cell():
    assert cells("email,note\na@b.example,one\u2028two\x0bthree\x85\n") == [
        ["a@b.example", "one\u2028two\x0bthree\x85"]
    ]


def test_a_quote_in_the_middle_of_a_cell_is_a_quote():
    data = 'email,note\na@b.example,a 5" pipe\nb@b.example,"the "best" one"\nc@b.example,"say ""hi"""\n'

    assert [row[1] for row in cells(data)] == ['a 5" pipe', 'the best" one"', 'say "hi"']


@pytest.mark.parametrize("tail", ["", '"Acme, Inc"', '"a ""quoted"" name"', '"two\nlines"'])
def test_a_quote_that_never_closes_costs_one_row(tail):
    """Guards against the rest of the file becoming one cell of one row."""
    before = [f"a{n}@b.example,Acme {n}" for n in range(50)]
    after = [f"c{n}@b.example,Beta {n}" for n in range(50)]
    data = "\n".join(
        ["email,company", *before, 'stray@b.example,"Open', *after, f"end@b.example,{tail}", "z@b.example,Z"]
    )

    found = read(data)[1]

    assert [(row.number, row.reason) for row in found if isinstance(row, BadRow)] == [(52, NEVER_CLOSES)]
    assert len(found) == 103


def test_a_quote_that_swallowed_rows_gives_them_back():
    data = 'email,company,city\na@b.example,"Open,X\nb@b.example,Be,Y\nc@b.example,"",Z\nd@b.example,De",W\n'

    found = read(data)[1]

    assert [type(row) for row in found] == [BadRow, Row, Row, Row]
    assert found[0] == BadRow(2, 'a@b.example,"Open,X', NEVER_CLOSES)


def test_a_cell_of_many_lines_with_a_comma_too_many_is_one_bad_row():
    assert bad('email,note\na@b.example,"one\ntwo",x\nb@b.example,y\n') == [
        (2, "This row has 3 fields, the file has 2 columns.")
    ]


@pytest.mark.parametrize("size", [33_000, 200_000, 3_000_000])
def test_a_cell_over_32_kb_is_a_bad_row_and_the_next_is_fine(size):
    found = read(f"email,note\na@b.example,{'x' * size}\nb@b.example,y\n")[1]

    assert [type(row) for row in found] == [BadRow, Row]
    assert found[0].number == 2
    assert found[0].reason in (FIELD_TOO_LONG, blocks.LINE_TOO_LONG)
    assert len(found[0].raw) <= 32 * 1024
    assert found[1] == Row(3, ["b@b.example", "y"])


@pytest.mark.parametrize("lines", [3_000, 20_000, 100_000])
def test_a_cell_of_many_lines_over_32_kb_gives_back_the_rows_it_swallowed(lines):
    swallowed = "x@b.example,z\n" * lines

    found = read(f'email,note\na@b.example,A\nopen@b.example,"{swallowed}')[1]

    assert [row.number for row in found if isinstance(row, BadRow)] == [3]
    assert len(found) == lines + 1


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_of_many_megabytes_is_read_over_in_any_encoding(codec, end):
    text = end.join(
        ["email,note", "a@b.example,A", "b@b.example," + "é" * 2_500_000, "c@b.example,C", "d@b.example,D"]
    )

    found = read(text.encode(codec))[1]

    assert [(type(row), row.number) for row in found] == [(Row, 2), (BadRow, 3), (Row, 4), (Row, 5)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_reading_goes_on_at_the_end_of_any_batch(codec, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 512)
    lines = [f'a{n}@b.example,"Müller{chr(10)} {n}"' if n % 7 else f"a{n}@b.example,x" for n in range(300)]
    stream = BytesIO("\r\n".join(["email,name", *lines]).encode(codec))
    sheet = describe(stream)
    whole = list(rows(stream, sheet))

    for batch in list(batches(stream, sheet)):
        rest = list(rows(stream, sheet, Place(*batch.end)))

        assert rest == [row for row in whole if row.number >= batch.end.number]

    assert len(whole) == 300


def test_a_stream_that_cannot_seek_and_gives_little_at_a_time_is_read_like_any_other():
    class Pipe(BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise OSError

        def read(self, size=-1):
            return super().read(min(size, 5))

    data = b"email,name\n" + b"a@b.example,A\n" * 9

    sheet = describe(Pipe(data))

    assert len(list(rows(Pipe(data), sheet))) == 9


def test_a_sheet_survives_its_json():
    sheet, _ = read("email,name\na@b.example,A\n")

    assert Sheet.from_json(sheet.to_json()) == sheet


def test_a_path_and_a_stream_read_alike(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("email,name\na@b.example,A\n")

    assert list(csvfile.rows(path, describe(path))) == [Row(2, ["a@b.example", "A"])]


def test_samples_are_different_values_of_their_column():
    sheet, _ = read("email,city\na@b.example,Berlin\nb@b.example,Berlin\nc@b.example, Rome \n")

    assert sheet.columns[1].samples == ("Berlin", "Rome")


def test_a_hostile_file_of_quotes_takes_linear_time():
    """Each line opens a quote that the next one closes and opens again: no line is read again for each."""
    data = "email,name\na@b.example,A\n" + 'x","""\n' * 60_000

    found = read(data)[1]

    assert isinstance(found[0], Row)
    assert sum(len(row.raw) for row in found if isinstance(row, BadRow)) > 30_000
