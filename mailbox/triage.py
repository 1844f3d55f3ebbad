"""What a message is, at a glance: a bounce, an automatic answer, a complaint, or somebody's words.

Pure: bytes in, a frozen value out. Any bytes, in bounded time; what cannot be read is marked so, never lost.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mailbox.autoreplies import autoreply_in, receipted_id
from mailbox.bounces import bounce_in
from mailbox.complaints import complaint_in
from mailbox.diagnostics import Severity
from mailbox.html import html_to_text
from mailbox.optout_words import opts_out
from mailbox.parsing import ParsedMail, parse
from mailbox.quoting import visible_text


class Kind(StrEnum):
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    COMPLAINT = "complaint"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Triage:
    """`message_id` is the one of ours that it is about: returned, complained of, or answered.

    `references` are all ids that it names as answered. `recipient` is whom a bounce or a complaint is about.
    `severity` only with bounces; `reason` is a bounce's, a complaint's type, or the kind of automatic answer.
    `visible_text` is a view of `text` without quotes and signature.
    """

    kind: Kind
    subject: str
    sender: str
    text: str
    visible_text: str
    references: tuple[str, ...] = ()
    message_id: str | None = None
    severity: Severity | None = None
    reason: str | None = None
    recipient: str | None = None
    status: str | None = None
    diagnostic: str = ""
    returns_on: date | None = None
    opts_out: bool = False
    unreadable: bool = False


def triage(raw: bytes, *, our_text: str | None = None) -> Triage:
    """Say what a message is. `our_text` is the message that it answers, where that is known."""
    mail = parse(raw)
    text = mail.text if mail.text.strip() else html_to_text(mail.html)
    visible = visible_text(text, our_text)
    seen = Triage(
        kind=Kind.REPLY,
        subject=mail.get("subject"),
        sender=mail.get("from"),
        text=text,
        visible_text=visible,
        references=mail.ids,
        message_id=next(iter(mail.ids), None),
        unreadable=mail.unreadable,
    )
    return _complaint(mail, seen) or _bounce(mail, seen) or _autoreply(mail, seen) or _reply(seen)


def _complaint(mail: ParsedMail, seen: Triage) -> Triage | None:
    found = complaint_in(mail)
    if not found:
        return None
    return replace(
        seen,
        kind=Kind.COMPLAINT,
        reason=found.feedback,
        recipient=found.recipient,
        message_id=found.message_id,
    )


def _bounce(mail: ParsedMail, seen: Triage) -> Triage | None:
    found = bounce_in(mail)
    if not found:
        return None
    return replace(
        seen,
        kind=Kind.BOUNCE,
        severity=found.severity,
        reason=found.reason,
        recipient=found.recipient,
        status=found.status,
        message_id=found.message_id,
        diagnostic=found.diagnostic,
    )


def _autoreply(mail: ParsedMail, seen: Triage) -> Triage | None:
    found = autoreply_in(mail, seen.visible_text)
    if not found:
        return None
    about = seen.message_id or receipted_id(mail)
    return replace(
        seen, kind=Kind.AUTO_REPLY, reason=found.kind, returns_on=found.returns_on, message_id=about
    )


def _reply(seen: Triage) -> Triage:
    return replace(seen, opts_out=opts_out(seen.visible_text, seen.subject))
