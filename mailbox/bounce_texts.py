"""The human-readable half of a bounce: what it explains, whom it names, which message it returns."""

import re
from collections.abc import Iterator
from itertools import chain, islice

from mailbox.decoding import message_ids
from mailbox.delivery_reports import address_in
from mailbox.html import html_to_text
from mailbox.parsing import Headers, ParsedMail, Part, parse_headers
from mailbox.phrases import plain, says, words

SENDERS = words("bounces", "senders")
RETURNED = words("bounces", "returned")
NO_HEADING = words("bounces", "no heading")

MAX_EXPLANATION = 16_384
MAX_LINES = 2_000
MAX_STARTS = 8  # lines at which a returned message may begin

_RETURNED_KINDS = ("message/rfc822", "message/global", "message/news", "text/rfc822-headers", "text/rfc822")
_FIRST_HEADER = re.compile(
    r"(?:Received|Return-Path|Message-I[Dd]|DKIM-Signature|X-Received|Delivered-To)\s?:", re.IGNORECASE
)
_HEADING = re.compile(r"\s*(?:[-=*#~_]{2,}|<)|.*(?:[:.=*#-]|follows?|attached|------.*)\s*$")
_ID_IN_TEXT = re.compile(r"message-id\s{0,3}:\s{0,3}(?:=\s)?(<[^<>\s]{3,998}>)", re.IGNORECASE)

_LOCAL_AND_DOMAIN = r"[^\s<>()\"',;:\[\]=]{1,64}@[^\s<>()\"',;:\[\]=]{1,255}?"
_ALONE = re.compile(
    rf"^[\s>*\-+.(\[\"'<|]{{0,12}}(?:(?:mailto|smtp|rfc822)[:;]\s?)?<?({_LOCAL_AND_DOMAIN})[>)\"'\].,:;]{{0,4}}\s*$"
)
_LEADING = re.compile(rf"^[\s>*\-\"]{{0,8}}<?({_LOCAL_AND_DOMAIN})[>\"]{{0,2}}(?::|\.{{3}}|,|\s+[\[(]|\s)")
_NAMED = re.compile(
    r"\b(?:recipient|user|rcpt to|error-for|account|mailbox|delivered to|address|delivery to|message to"
    r"|mail to|to|for|an|à|empfänger|destinataire|destinatario)[\s:=(]{1,20}"
    r"[<(\"'\[]{0,2}([^\s<>()\"',;:\[\]=]{1,64}@[^\s<>()\"',;:\[\]=]{1,255})",
    re.IGNORECASE,
)
_ENVELOPE = re.compile(r"[\s*]{0,8}(?:to|cc|from|subject|an|von|de|à|sent|date)\s?:", re.IGNORECASE)
_ANY = re.compile(r"([^\s<>()\"',;:\[\]=/]{1,64}@[^\s<>()\"',;:\[\]=/@]{1,255})")
_HELPERS = (
    "postmaster",
    "mailer-daemon",
    "abuse",
    "support",
    "help",
    "webmaster",
    "admin@",
    "noreply",
    "no-reply",
)


def explanation(mail: ParsedMail) -> str:
    """What the bounce says in its own words, without the message that it returns."""
    wrapped = wrapped_bounce(mail)
    text = mail.text.strip() or html_to_text(mail.html).strip()
    if wrapped:
        text = f"{wrapped.text}\n{text}"
    elif not text:
        text = next((part.text for part in mail.parts if part.kind in _RETURNED_KINDS), "")
    lines = text[: MAX_EXPLANATION * 2].split("\n")[:400]
    end = next(_returned_starts(lines), len(lines))
    return "\n".join(lines[:end])[:MAX_EXPLANATION]


def returned_headers(mail: ParsedMail) -> Headers:
    """The headers of the returned message: a part of its own, or in the text. May be empty."""
    for part in _returned_parts(mail):
        if part.headers:
            return part.headers
    lines = mail.text.split("\n")[:MAX_LINES]
    starts = (at for at in _returned_starts(lines) if at)
    for start in islice(starts, MAX_STARTS):
        headers = parse_headers("\n".join(lines[start : start + 120]))
        if {"to", "from", "subject", "message-id"} & headers.keys():
            return headers
    return {}


def original_id(mail: ParsedMail) -> str | None:
    """The Message-ID of the message that did not arrive, from wherever a bounce may keep it."""
    for part in _returned_parts(mail):
        named = part.headers.get("message-id", ("",))[0]
        if named:
            return next(iter(message_ids(named)), f"<{named[:998]}>")
    own = mail.message_id
    texts = (mail.text, *(part.text for part in mail.parts), html_to_text(mail.html))
    found = (match[1] for text in texts for match in _ID_IN_TEXT.finditer(text[:131_072]))
    inside = next((candidate for candidate in found if candidate != own), None)
    return inside or next(
        (candidate for candidate in (*_named_ids(mail), *mail.ids) if candidate != own), None
    )


def recipient_in(mail: ParsedMail, text: str) -> str | None:
    """Whom it did not reach: the address that stands out, and that is not one of ours or the sender's."""
    declared = address_in(mail.get("x-failed-recipients"))
    if declared:
        return declared
    lines = text.split("\n")[:MAX_LINES]
    ours = {address.lower() for address in _own_addresses(mail)}
    everybody = list(_candidates(lines))
    named = [one for one in everybody if one.lower() not in ours]
    written_to = address_in(returned_headers(mail).get("to", ("",))[0])
    if written_to.lower() in map(str.lower, named) or (written_to and not named):
        return written_to
    helpful = [one for one in named if not says(one.lower(), _HELPERS)]
    in_headers = _candidates([mail.get("subject"), *filter(_ENVELOPE.match, lines)], envelope=True)
    others = (one for one in in_headers if one.lower() not in ours)
    sender = address_in(mail.get("from")), address_in(mail.get("to"))
    return next(chain(helpful, named, others, (one for one in everybody if one not in sender)), None)


def _candidates(lines: list[str], *, envelope: bool = False) -> Iterator[str]:
    """Addresses, the most prominent first. Lines such as "To: …" repeat our header and name nobody."""
    lines = [line[:1_000] for line in lines if envelope or not _ENVELOPE.match(line)]
    for pattern in (_ALONE, _LEADING, _NAMED, _ANY):
        for line in lines:
            for found in pattern.findall(line):
                address = address_in(str(found))
                if address and "." in address.rpartition("@")[2] and "message-id" not in line.lower():
                    yield address


def _own_addresses(mail: ParsedMail) -> Iterator[str]:
    for name in (
        "to",
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "from",
        "sender",
        "return-path",
        "reply-to",
    ):
        for value in mail.headers.get(name, ())[:5]:
            yield address_in(value)


def _named_ids(mail: ParsedMail) -> Iterator[str]:
    for name in ("x-original-message-id", "original-message-id", "x-failed-message-id"):
        for value in mail.raw.get(name, ()):
            yield from message_ids(value)


def wrapped_bounce(mail: ParsedMail) -> Part | None:
    """The bounce proper, where a gateway that adds a note or a disclaimer made a part of it.

    Only from a machine: a person who attaches a bounce asks about it.
    """
    if not says(plain(mail.get("from")), SENDERS):
        return None
    for part in mail.parts:
        if part.kind == "message/rfc822" and says(plain(part.headers.get("from", ("",))[0]), SENDERS):
            return part
    return None


def _returned_parts(mail: ParsedMail) -> Iterator[Part]:
    """Parts that are the message, or its headers, whatever they are called."""
    wrapped = wrapped_bounce(mail)
    for number, part in enumerate(mail.parts):
        if part.kind in _RETURNED_KINDS and part is not wrapped:
            yield part
        elif number and part.kind in ("text/plain", "message/rfc822-headers") and part.text:
            headers = parse_headers(part.text[:32_768]) or part.headers
            if headers.keys() >= {"from", "to"} or "received" in headers:
                yield Part(part.kind, part.text, part.name, headers, part.attached)


def _returned_starts(lines: list[str]) -> Iterator[int]:
    """The lines at which a returned message may begin. Most texts hold no word that could head one."""
    may_have_a_heading = says(plain("\n".join(lines)), RETURNED)
    for number, line in enumerate(lines):
        if _FIRST_HEADER.match(line):
            if number:
                yield number
        elif may_have_a_heading and _is_heading(line):
            yield number


def _is_heading(line: str) -> bool:
    if len(line) > 120 or not _HEADING.match(line):
        return False
    said = plain(line)
    return says(said, RETURNED) and not says(said, NO_HEADING)
