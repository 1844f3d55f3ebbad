"""A message as it came, taken apart: any bytes give a ParsedMail, in bounded time and memory.

Parsed with compat32: the newer policies of the standard library raise on real mail and are 30 times slower.
The bytes are cut to size before the parser sees them, and each part is looked at behind one guard.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from types import MappingProxyType

from mailbox.decoding import decode_bytes, message_ids, one_line, raw_bytes, transfer_decoded
from mailbox.phrases import words

MAX_BYTES = 2_000_000
MAX_LINES = 40_000
MAX_CONTAINERS = 40  # multipart/* and message/* in one mail, however they are nested
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT = 262_144  # characters of one part
MAX_HEADERS = 400

# What the parser of the standard library raises on bytes that it did not expect (ENGINE.md, 3.1).
FAULTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)

_NOISE = re.compile("[\u0080-\u00bf]")  # what bytes of no known charset look like

Headers = Mapping[str, tuple[str, ...]]

_NOTHING: Headers = MappingProxyType({})
_CONTAINER = re.compile(rb"(?im)^content-type:[ \t\r\n]*(?:multipart|message)/")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([^\s\"';]{1,60})", re.IGNORECASE)
_FILE = re.compile(r"name\*?\s{0,9}=\s{0,9}\"?([^\";\r\n]{1,200})", re.IGNORECASE)
_REPORT_TYPE = re.compile(r"report-type\s{0,9}=\s{0,9}[\"']?([a-z-]{1,60})", re.IGNORECASE)
# Parts that are text and yet not what the mail says. Other kinds of text are read as plain.
_TEXT_KINDS = frozenset(words("mime", "kinds of text"))
# A file that begins with none of these is a text without headers.
_MAIL_HEADERS = frozenset(words("mime", "headers of a mail"))


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message. A returned message is a leaf, too: `headers` and `text` are its own."""

    kind: str
    text: str = ""
    name: str = ""
    headers: Headers = field(default_factory=dict)
    attached: bool = False


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """`headers` by lower-case name, decoded, one line each; `raw` the same undecoded."""

    headers: Headers = field(default_factory=dict)
    raw: Headers = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    text: str = ""
    html: str = ""
    kind: str = "text/plain"
    report_type: str = ""
    unreadable: bool = False
    ids: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """The first header of that name, or the empty string."""
        return self.headers.get(name, ("",))[0]

    @property
    def message_id(self) -> str | None:
        """Its own Message-ID, with angle brackets."""
        return next(iter(ids_in(self.raw, "message-id")), None)


def parse(raw: bytes) -> ParsedMail:
    """Take a message apart. Never raises; what does not fit the limits is left out."""
    data = _cut(raw)
    try:
        message = BytesParser().parsebytes(data)
        bare = _raw_headers(message)
    except FAULTS:
        return _unparsed(data)
    if _MAIL_HEADERS.isdisjoint(bare):
        return _unparsed(data, unreadable=False)
    parts = tuple(_leaves(message))
    html = _joined(parts, "text/html")
    text = _joined(parts, "text/plain") or ("" if html else _joined(parts[:1], "application/octet-stream"))
    content_type = bare.get("content-type", ("",))[0][:2_000]
    return ParsedMail(
        headers=_decoded(bare),
        raw=bare,
        parts=parts,
        text=text,
        html=html,
        kind=_kind(content_type),
        report_type=_parameter(_REPORT_TYPE, content_type),
        unreadable=_is_unreadable(text or html, data),
        ids=_answered(bare),
    )


def parse_headers(text: str) -> Headers:
    """A block of headers that stands in a text, decoded. Lines before the first header are skipped."""
    lines = text[:65_536].lstrip("\n").split("\n")
    start = next((i for i, line in enumerate(lines[:40]) if _HEADER_LINE.match(line)), len(lines))
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines[start : start + MAX_HEADERS]:
        header = _HEADER_LINE.match(line)
        if header:
            name = header[1].lower()
            found.setdefault(name, []).append(header[2])
        elif name and line[:1] in (" ", "\t") and line.strip():
            found[name][-1] += " " + line.strip()
        elif not line.strip():
            break
    return _decoded({name: tuple(values) for name, values in found.items()})


def ids_in(headers: Headers, *names: str) -> tuple[str, ...]:
    """The message ids in those headers, in that order, each once."""
    return tuple(
        dict.fromkeys(
            found for name in names for value in headers.get(name, ()) for found in message_ids(value)
        )
    )


_HEADER_LINE = re.compile(r"[> \t]{0,4}([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:(?!//)[ \t]{0,200}(.{0,8000})")


def _cut(raw: bytes) -> bytes:
    """So much of the bytes as the parser can take in bounded time: size, lines, containers."""
    data = raw[:MAX_BYTES].lstrip(b" \t\r\n\xef\xbb\xbf")
    if data.count(b"\n") + data.count(b"\r") > MAX_LINES:
        ends = (end.end() for end in _LINE_END.finditer(data))
        data = data[: next((end for number, end in enumerate(ends) if number >= MAX_LINES), len(data))]
    containers = _CONTAINER.finditer(data)
    return data[
        : next((c.start() for number, c in enumerate(containers) if number >= MAX_CONTAINERS), len(data))
    ]


def _unparsed(data: bytes, *, unreadable: bool = True) -> ParsedMail:
    text = decode_bytes(data[:MAX_TEXT])
    return ParsedMail(parts=(Part("text/plain", text),), text=text, unreadable=unreadable)


def _raw_headers(message: Message) -> dict[str, tuple[str, ...]]:
    """The one place where headers of the standard library's message are touched."""
    found: dict[str, list[str]] = {}
    for name, value in list(message.raw_items())[:MAX_HEADERS]:
        found.setdefault(name.lower(), []).append(str(value))
    return {name: tuple(values) for name, values in found.items()}


def _parameter(pattern: re.Pattern[str], header: str) -> str:
    found = pattern.search(header)
    return found[1].lower() if found else ""


def _decoded(raw: Headers) -> Headers:
    return MappingProxyType(
        {name: tuple(one_line(value) for value in values) for name, values in raw.items()}
    )


def _answered(raw: Headers) -> tuple[str, ...]:
    return ids_in(raw, "in-reply-to", "references", "x-microsoft-original-message-id")


def _kind(content_type: str) -> str:
    kind = content_type[:200].split(";")[0].strip().strip("\"'").lower()
    if "/" not in kind or (kind.startswith("text/") and kind not in _TEXT_KINDS):
        return "text/plain"
    return kind


def _leaves(message: Message) -> Iterator[Part]:
    """The parts in order, without recursion and without going into returned messages."""
    waiting = [(message, 0)]
    seen = 0
    while waiting and seen < MAX_PARTS:
        part, depth = waiting.pop()
        seen += 1
        try:
            children = _children(part)
            if children and not _is_message(part) and depth < MAX_DEPTH:
                waiting.extend((child, depth + 1) for child in reversed(children))
            else:
                yield _leaf(part)
        except FAULTS:
            yield Part("application/octet-stream")


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return (
        [child for child in payload if isinstance(child, Message)][:MAX_PARTS]
        if isinstance(payload, list)
        else []
    )


def _is_message(part: Message) -> bool:
    return _kind(_raw_headers(part).get("content-type", ("",))[0]).startswith("message/")


def _leaf(part: Message) -> Part:
    headers = _raw_headers(part)
    content_type = headers.get("content-type", ("",))[0]
    disposition = headers.get("content-disposition", ("",))[0][:2_000]
    file = _FILE.search(disposition) or _FILE.search(content_type[:2_000])
    name = one_line(file[1]) if file else ""
    attached = disposition.strip().lower().startswith("attachment")
    kind = _kind(content_type)
    if kind.startswith("multipart/"):  # its boundary was not found
        kind = "text/plain"
    if kind.startswith("message/"):
        text, inner = _enclosed(part, kind)
    elif kind.startswith("text/") or kind == "application/octet-stream":
        text = _decoded_text(part, headers)
        inner = parse_headers(text) if "rfc822" in kind else _NOTHING
    else:
        text, inner = "", _NOTHING
    return Part(kind, text, name, inner, attached)


def _decoded_text(part: Message, headers: Headers) -> str:
    payload = part.get_payload(decode=True)
    charset = _CHARSET.search(headers.get("content-type", ("",))[0][:2_000])
    data = payload[: MAX_TEXT * 2] if isinstance(payload, bytes) else b""
    return decode_bytes(data, charset[1] if charset else "")[:MAX_TEXT]


def _enclosed(part: Message, kind: str) -> tuple[str, Headers]:
    """The text and the headers of a returned message, or the fields of a report as both."""
    inner = _children(part) or [part]
    encoding = _raw_headers(part).get("content-transfer-encoding", ("",))[0].strip().lower()
    if encoding in ("base64", "quoted-printable") and len(inner) == 1 and not _raw_headers(inner[0]):
        text = decode_bytes(transfer_decoded(str(inner[0].get_payload())[: MAX_TEXT * 2], encoding))[
            :MAX_TEXT
        ]
        return text, parse_headers(text)
    headers = _decoded(_raw_headers(inner[0]))
    if not headers.keys() & {"message-id", "from", "subject"} and kind == "message/rfc822":
        headers = _decoded(_raw_headers(part))  # some leave out the blank line in between
    if kind in ("message/rfc822", "message/global", "message/news"):
        return "\n".join(map(_told, _leaves(inner[0])))[:MAX_TEXT], headers
    return "\n".join(map(_block, inner[:MAX_PARTS]))[:MAX_TEXT], headers


def _told(leaf: Part) -> str:
    """What a leaf of a returned message adds to its text: a returned bounce returns a message in its turn."""
    if leaf.kind in ("message/rfc822", "text/rfc822-headers"):
        return "".join(f"{name}: {value}\n" for name, values in leaf.headers.items() for value in values)
    return leaf.text if leaf.kind == "text/plain" or leaf.kind.endswith("delivery-status") else ""


def _block(fields: Message) -> str:
    lines = "".join(f"{name}: {value}\n" for name, value in list(fields.raw_items())[:MAX_HEADERS])
    return decode_bytes(raw_bytes(lines[:MAX_TEXT])) + _decoded_text(fields, _NOTHING)


def _joined(parts: tuple[Part, ...], kind: str) -> str:
    shown = (part.text for part in parts if part.kind == kind and not part.attached)
    return "\n".join(text for text in shown if text)[:MAX_TEXT]


def _is_unreadable(text: str, data: bytes) -> bool:
    """Most of it could not be decoded, or there was more than could be looked at and no text in it."""
    noise = text.count("\ufffd") + len(_NOISE.findall(text))
    return noise * 3 > len(text.strip()) > 0 or (not text.strip() and len(data) >= MAX_BYTES)
