"""FETCH answers as rows. The usual form is read by a pattern: ten times faster than a general parser."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imapclient.response_parser import parse_fetch_response

FIELDS = (
    "MESSAGE-ID",
    "IN-REPLY-TO",
    "REFERENCES",
    "X-MICROSOFT-ORIGINAL-MESSAGE-ID",
    "FROM",
    "SUBJECT",
    "DATE",
    "CONTENT-TYPE",
)
FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\r?\n[ \t].*)*)", re.MULTILINE)
FOLD = re.compile(rb"[\r\n]+")
UID = re.compile(rb"[ (]UID ([0-9]{1,10})\b")
SIZE = re.compile(rb"[ (]RFC822\.SIZE ([0-9]{1,18})\b")
SECTION = re.compile(rb" BODY\[HEADER\.FIELDS [^\]]*\] \{[0-9]+\+?\}$")

# What imaplib makes of a FETCH answer: text up to a literal with the literal, or text alone.
Piece = tuple[bytes, bytes] | bytes | None


@dataclass(frozen=True)
class HeaderRow:
    """A message's size and the header fields that it has: upper-case names, unfolded, not decoded."""

    uid: int
    size: int
    fields: Mapping[str, str]


def header_rows(pieces: Sequence[Piece], wanted: Container[int]) -> Iterator[HeaderRow]:
    """The rows of the wanted messages; what the server says about others is passed over."""
    for message in messages_in(pieces):
        row = quick_row(message) or careful_row(message)
        if row is not None and row.uid in wanted:
            yield row


def messages_in(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """The pieces of one message each: tuples, then the text that closes it."""
    message: list[Piece] = []
    for piece in pieces:
        if piece is not None:
            message.append(piece)
            if isinstance(piece, bytes):
                yield message
                message = []


def quick_row(message: list[Piece]) -> HeaderRow | None:
    """`n (UID u RFC822.SIZE s BODY[HEADER.FIELDS (…)] {l}` and the literal, in any order of the items."""
    if len(message) != 2 or not isinstance(message[0], tuple) or not isinstance(message[1], bytes):
        return None
    (head, content), tail = message[0], message[1]
    uid = UID.search(head) or UID.search(tail)
    size = SIZE.search(head) or SIZE.search(tail)
    if uid is None or size is None or not SECTION.search(head):
        return None
    return HeaderRow(int(uid[1]), int(size[1]), fields_of(content))


def careful_row(message: list[Piece]) -> HeaderRow | None:
    answer: dict[int, dict[bytes, Any]] = parse_fetch_response(message, normalise_times=False)
    for uid, items in answer.items():
        if content_of(items) is not None:
            return HeaderRow(uid, items.get(b"RFC822.SIZE", 0), fields_of(content_of(items) or b""))
    return None


def message_of(pieces: Sequence[Piece], uid: int) -> tuple[int, bytes | None]:
    """Size and content of one message; no content if the answer does not hold it."""
    answer: dict[int, dict[bytes, Any]] = parse_fetch_response(list(pieces), normalise_times=False)
    items = answer.get(uid, {})
    return items.get(b"RFC822.SIZE", 0), content_of(items)


def contents_of(pieces: Sequence[Piece]) -> dict[int, bytes]:
    """The contents of several messages by UID; without those that hold nothing."""
    answer: dict[int, dict[bytes, Any]] = parse_fetch_response(list(pieces), normalise_times=False)
    return {uid: content for uid, items in answer.items() if (content := content_of(items))}


def content_of(items: Mapping[bytes, Any]) -> bytes | None:
    """The one body section of a FETCH answer, however the server writes its name; b"" for NIL."""
    for key, value in items.items():
        if key.startswith(b"BODY["):
            return value if isinstance(value, bytes) else b""
    return None


def fields_of(raw: bytes) -> dict[str, str]:
    """Header fields, unfolded; of a field that comes twice, the first."""
    fields: dict[str, str] = {}
    for name, value in FIELD.findall(raw):
        text = FOLD.sub(b"", value) if b"\n" in value else value
        fields.setdefault(name.decode("ascii").upper(), text.decode("utf-8", "replace").strip())
    return fields
