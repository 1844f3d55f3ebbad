"""Reports that a recipient called our mail spam: RFC 5965 (ARF), and the forms before it (JMRP, AOL)."""

import re
from dataclasses import dataclass

from mailbox.bounce_texts import original_id, returned_headers
from mailbox.delivery_reports import address_in
from mailbox.parsing import Headers, ParsedMail, parse_headers
from mailbox.phrases import begins, plain, says

_FEEDBACK = re.compile(r"^feedback-type\s?:\s?([a-z-]{3,30})", re.IGNORECASE | re.MULTILINE)
_SENDERS = (
    "staff@hotmail.com",
    "staff@outlook.com",
    "feedbackloop",
    "feedback-loop",
    "fbl@",
    "abuse-report",
    "scomp@aol",
)
_SUBJECTS = (
    "complaint about message from",
    "email feedback report for ip",
    "abuse report",
    "spam complaint",
    "spam report",
)
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "original-recipient", "final-recipient")
_RECIPIENTS_IN_MESSAGE = (
    "x-hmxmroriginalrecipient",
    "x-original-recipient",
    "to",
    "delivered-to",
    "x-original-to",
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """`feedback` is the report's type: abuse, fraud, virus, opt-out, not-spam, auth-failure, other."""

    feedback: str
    recipient: str | None
    message_id: str | None


def complaint_in(mail: ParsedMail) -> Complaint | None:
    """The complaint that a mail is, or None."""
    forwarded = address_in(mail.get("x-hmxmroriginalrecipient"))
    if forwarded:  # Outlook once sent our own message back, with a header more
        return Complaint("abuse", forwarded, mail.message_id)
    fields = _fields(mail)
    feedback = fields.get("feedback-type", ("",))[0].lower()
    if not feedback and not _is_old_style(mail):
        return None
    return Complaint(feedback or "abuse", _recipient(mail, fields), original_id(mail))


def _fields(mail: ParsedMail) -> Headers:
    reports = [
        part for part in mail.parts if part.kind.endswith("feedback-report") or "arf" in part.name.lower()
    ]
    for part in reports:
        fields = parse_headers(part.text)
        if "feedback-type" in fields:
            return fields
    if not (reports or mail.report_type == "feedback-report" or _is_old_style(mail)):
        return {}
    found = next((match for part in mail.parts if (match := _FEEDBACK.search(part.text[:16_384]))), None)
    return {"feedback-type": (found[1] if found else "abuse",)}


def _is_old_style(mail: ParsedMail) -> bool:
    subject = plain(mail.get("subject"))
    returned = any(part.kind == "message/rfc822" for part in mail.parts)
    from_desk = says(plain(mail.get("from") + mail.get("return-path")), _SENDERS)
    return returned and begins(subject, _SUBJECTS) and (from_desk or not mail.ids)


def _recipient(mail: ParsedMail, fields: Headers) -> str | None:
    message = returned_headers(mail)
    named = [fields.get(name, ("",))[0] for name in _RECIPIENTS]
    named += [message.get(name, ("",))[0] for name in _RECIPIENTS_IN_MESSAGE]
    addresses = (address_in(value) for value in named)
    return next((address for address in addresses if address and not address.startswith("redacted")), None)
