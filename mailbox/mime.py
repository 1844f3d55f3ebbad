"""One outgoing mail as exact bytes, made once: what a person approved is what leaves, also on a retry."""

import hashlib
import html
import re
import secrets
from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from unicodedata import category
from urllib.parse import urlsplit

from mailbox.headers import (
    LINE,
    UNSAFE,
    CannotRender,
    Person,
    checked_id,
    domain_of,
    field,
    ids_field,
    is_reference,
    person_field,
    subject_field,
)
from paitho.lib.text import NotAnAddress, normalise_domain

PAITHO_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}]")
PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body dir="auto" style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5">
{paragraphs}
</body>
</html>
"""
SPACED = "margin:0 0 14px 0"
SMALL = "margin:0 0 8px 0;font-size:12px;color:#555555"


@dataclass(frozen=True)
class Footer:
    """What the law wants in the body: how to opt out, and who writes from where."""

    opt_out: str
    postal_address: str


@dataclass(frozen=True)
class Outgoing:
    """A mail to one person. `references` are the ids of its thread, oldest first; the last is answered.

    Ids that cannot stand in a header (strangers write them too) are left out.
    """

    sender: Person
    recipient: Person
    subject: str
    text: str
    date: datetime
    message_id: str
    paitho_id: str
    references: tuple[str, ...] = ()
    unsubscribe_url: str | None = None
    footer: Footer | None = None


def new_message_id(domain: str) -> str:
    """An id that says nothing about the time, the machine or the recipient. Raises CannotRender."""
    try:
        return f"<{secrets.token_hex(16)}@{normalise_domain(domain)}>"
    except NotAnAddress as error:
        raise CannotRender(str(error)) from error


def render(message: Outgoing, *, loopback: bool = False) -> bytes:
    """The whole mail with CRLF line ends. `loopback` lets the opt-out link be http on this machine.

    Raises CannotRender, with a sentence, for what cannot be sent correctly.
    """
    plain = plain_body(message)
    parts = [part("plain", plain), part("html", html_body(message))]
    boundary = boundary_for(message.message_id, parts)
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + each + b"\r\n" for each in parts) + mark + b"--\r\n"
    return headers(message, boundary, loopback=loopback) + b"\r\n" + body


def headers(message: Outgoing, boundary: str, *, loopback: bool) -> bytes:
    if message.date.tzinfo is None:
        raise CannotRender("The date of a mail needs a time zone.")
    if not PAITHO_ID.fullmatch(message.paitho_id):
        raise CannotRender("The X-Paitho-Id is made of letters, digits and hyphens.")
    fields = [
        field("Date", format_datetime(message.date)),
        person_field("From", message.sender),
        person_field("To", message.recipient),
        subject_field(message.subject),
        field("Message-ID", checked_id(message.message_id)),
    ]
    if ids := [each for each in message.references if is_reference(each)]:
        fields.append(ids_field("In-Reply-To", ids[-1:]))
        fields.append(ids_field("References", ids))
    if message.unsubscribe_url is not None:
        url = checked_url(message.unsubscribe_url, loopback=loopback)
        fields.append(field("List-Unsubscribe", f"<{url}>"))
        fields.append(field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        # RFC 2919: recipients can filter the stream; filters suspect an opt-out header that names none.
        fields.append(field("List-Id", f"<outreach.{domain_of(message.sender)}>"))
    fields.append(field("X-Paitho-Id", message.paitho_id))
    fields.append(field("MIME-Version", "1.0"))
    fields.append(field("Content-Type", f'multipart/alternative; boundary="{boundary}"'))
    return b"".join(fields)


def checked_url(url: str, *, loopback: bool) -> str:
    """One HTTPS URI (RFC 8058, section 3.1)."""
    parts = urlsplit(url) if re.fullmatch(r"[!-;=?-~]+", url) else None
    host = parts.hostname or "" if parts else ""
    is_local = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    if parts and host and (parts.scheme == "https" or (parts.scheme == "http" and loopback and is_local)):
        return url
    raise CannotRender("The opt-out link has to be an https address.")


def plain_body(message: Outgoing) -> str:
    """The text with its footer, lines ended by a bare line feed."""
    blocks = [checked_text(message.text).strip("\n")]
    if message.footer:
        blocks.append(checked_text(message.footer.opt_out).strip())
        blocks.append(checked_text(message.footer.postal_address).strip())
    return "\n\n".join(blocks) + "\n"


def checked_text(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if any(category(char) in UNSAFE for char in text.translate({10: None, 9: None})):
        raise CannotRender("The text holds a control character.")
    return text


def html_body(message: Outgoing) -> str:
    """The same words as HTML: paragraphs, line breaks, and links exactly as written. Nothing is loaded."""
    paragraphs = [paragraph(block, SPACED) for block in blocks_of(message.text)]
    if message.footer:
        small = (message.footer.opt_out, message.footer.postal_address)
        paragraphs += [paragraph(checked_text(each).strip(), SMALL) for each in small]
    return PAGE.format(title=html.escape(message.subject), paragraphs="\n".join(paragraphs))


def paragraph(block: str, style: str) -> str:
    return f'<p style="{style}">{inline(block)}</p>'


def blocks_of(text: str) -> list[str]:
    return [block for block in re.split(r"\n(?:[ \t]*\n)+", checked_text(text).strip("\n")) if block.strip()]


def inline(block: str) -> str:
    pieces, end = [], 0
    for found in URL.finditer(block):
        url = html.escape(found[0])
        pieces += [html.escape(block[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.end()
    return "".join([*pieces, html.escape(block[end:])]).replace("\n", "<br>\n")


def part(subtype: str, text: str) -> bytes:
    """A text part in the encoding that keeps it readable: as it is, quoted-printable, or base64."""
    raw = text.replace("\n", "\r\n").encode()
    encoding, body = "7bit", raw
    if not raw.isascii() or any(len(line) > LINE for line in raw.split(b"\r\n")):
        strange = sum(byte > 126 for byte in raw)
        if strange * 3 > len(raw):
            encoding, body = "base64", encodebytes(raw).replace(b"\n", b"\r\n")
        else:
            encoding, body = "quoted-printable", b2a_qp(raw, istext=True)
    kind = field("Content-Type", f'text/{subtype}; charset="utf-8"')
    return kind + field("Content-Transfer-Encoding", encoding) + b"\r\n" + body


def boundary_for(message_id: str, parts: list[bytes]) -> str:
    """A line that no part contains; the same for the same mail."""
    seed = message_id
    while True:
        boundary = "=_" + hashlib.sha256(seed.encode()).hexdigest()[:32]
        if not any(boundary.encode() in each for each in parts):
            return boundary
        seed = boundary
