"""Any bytes become a ParsedMail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.decoding import decode_bytes, message_ids, one_line, transfer_decoded
from mailbox.parsing import MAX_PARTS, parse, parse_headers
from tests.mailbox.reading.letters import letter

HEADERS = [
    ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("=?UTF-8?B?R3LDvMOfZQ==?= aus =?iso-8859-1?Q?K=F6ln?=", "Grüße aus Köln"),
    ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),
    ("=?utf-8?q?two?=\n =?utf-8?q?_words?=", "two words"),
    ("=?utf-8*de?q?language?=", "language"),
    ("=?klingon?q?Q=27apla?=", "Q'apla"),
    ("=?utf-8?b?not base64 at all!?=", None),
    ("=?utf-8?q?broken=ZZ=?=", None),
    ("folded\r\n\tover\r\n lines", "folded over lines"),
    ("=?utf-8?q?a=0D=0ABcc:_evil@x?=", "a Bcc: evil@x"),
    ("nul\x00 and bell\x07", "nul and bell"),
    ("raw \udcc3\udcbc bytes", "raw ü bytes"),
    ("raw \udcfc bytes", "raw ü bytes"),
    ("=?gb2312?B?tPC4tA==?=", "答复"),
    ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
]


@pytest.mark.parametrize(("raw", "text"), HEADERS)
def test_a_header_becomes_one_line_of_text(raw, text):
    line = one_line(raw)

    assert text is None or line == text
    assert "\n" not in line
    assert "\r" not in line


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF) | st.sampled_from("=?bq_\r\n\udcff")))
def test_no_header_raises_or_spans_lines(raw):
    line = one_line(raw)

    assert line.isprintable() or " " in line or any(not c.isprintable() for c in line)
    assert not set(line) & set("\r\n\x00")
    line.encode()


@pytest.mark.parametrize(
    "charset", ["zip", "hex", "rot13", "idna", "punycode", "undefined", "unicode_escape", "\x00", "x" * 500]
)
def test_a_codec_that_is_no_charset_is_never_asked(charset):
    assert decode_bytes("Grüße".encode(), charset) == "Grüße"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"caf\xe9", "us-ascii", "café"),
        ("café".encode(), "us-ascii", "café"),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”"),
        ("日本".encode("iso2022_jp"), "", "日本"),
        (b"+2AA-", "utf-7", ""),
        ("grüße".encode()[:-1] + b"\xff", "utf-8", "grüß\ufffd"),
        ("тест".encode("koi8-r"), "koi8-r", "тест"),
        ("한국".encode("cp949"), "ks_c_5601-1987", "한국"),
    ],
)
def test_a_charset_that_does_not_fit_is_replaced_by_the_likeliest(data, charset, text):
    assert decode_bytes(data, charset) == text


@given(st.binary(), st.text(max_size=20))
def test_any_bytes_in_any_charset_are_text_that_a_database_holds(data, charset):
    text = decode_bytes(data, charset)

    assert "\x00" not in text
    text.encode()


@given(
    st.text(
        alphabet=st.characters(max_codepoint=0x7F) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
    )
)
def test_any_transfer_encoding_decodes(text):
    assert isinstance(transfer_decoded(text, "base64"), bytes)
    assert isinstance(transfer_decoded(text, "quoted-printable"), bytes)


def test_message_ids_are_read_from_the_raw_header_as_real_programs_write_them():
    raw = " <a@b>\r\n\t<[b378]@exchange.example>,<a@b> garbage <no space@x> <odd..dots@x>"

    assert message_ids(raw) == ("<a@b>", "<[b378]@exchange.example>", "<odd..dots@x>")


def test_answered_ids_come_from_the_three_headers_in_order():
    mail = parse(
        letter(
            "yes",
            references="<first@acme.example> <second@acme.example>",
            in_reply_to="<second@acme.example>",
            x_microsoft_original_message_id="<rewritten@acme.example>",
        )
    )

    assert mail.ids == ("<second@acme.example>", "<first@acme.example>", "<rewritten@acme.example>")
    assert mail.message_id == "<answer-1@theatre.example>"


def test_the_text_and_the_html_are_found_in_nested_parts():
    mail = parse(
        letter(
            "--o\nContent-Type: multipart/alternative; boundary=i\n\n"
            "--i\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n"
            "--i\nContent-Type: text/html\n\n<p>Gr&uuml;&szlig;e</p>\n--i--\n"
            "--o\nContent-Type: text/plain; name=notes.txt\nContent-Disposition: attachment\n\nnot said\n--o--\n",
            content_type="multipart/mixed; boundary=o",
        )
    )

    assert mail.text.strip() == "Grüße"
    assert "<p>" in mail.html
    assert [part.name for part in mail.parts] == ["", "", "notes.txt"]


def test_a_file_without_headers_is_all_text():
    mail = parse(b"Hi folks\n\nNote: this is not a header.\n")

    assert mail.text.startswith("Hi folks")
    assert not mail.headers
    assert not mail.unreadable


def test_blank_lines_before_the_headers_are_passed_over():
    assert parse(b"\n   \r\n" + letter("hi")).get("subject") == "Re: Your warehouse"


def test_a_multipart_without_its_boundary_is_shown_as_it_is():
    mail = parse(letter("what was said\n", content_type="multipart/mixed; boundary=lost"))

    assert "what was said" in mail.text


def test_a_returned_message_is_one_part_with_its_own_headers():
    mail = parse(
        letter(
            "--b\nContent-Type: text/plain\n\nsee below\n--b\nContent-Type: message/rfc822\n\n"
            "From: olga@acme.example\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\ninner text\n--b--\n",
            content_type="multipart/mixed; boundary=b",
        )
    )

    assert mail.text.strip() == "see below"
    assert mail.parts[1].headers["subject"] == ("Grüße",)
    assert mail.parts[1].text.strip() == "inner text"


def test_noise_is_marked_unreadable_and_kept():
    mail = parse(letter("", content_type="text/plain; charset=utf-8") + bytes(range(128, 192)) * 40)

    assert mail.unreadable
    assert mail.text


def test_no_more_parts_are_read_than_the_limit():
    mail = parse(letter("--b\n\nhello\n" * 5_000, content_type="multipart/mixed; boundary=b"))

    assert len(mail.parts) <= MAX_PARTS


def test_headers_that_stand_in_a_text_are_read_until_the_blank_line():
    headers = parse_headers(
        "--- returned ---\nSubject: one\n two\nTO: a@b.example\n\nFrom: later@x.example\n"
    )

    assert dict(headers) == {"subject": ("one two",), "to": ("a@b.example",)}


@given(st.binary(max_size=3_000))
def test_any_bytes_parse(raw):
    mail = parse(raw)

    assert isinstance(mail.text, str)
    assert "\x00" not in mail.text + mail.html + "".join(
        value for values in mail.headers.values() for value in values
    )
