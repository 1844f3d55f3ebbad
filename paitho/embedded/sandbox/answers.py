"""The mail that a prospect, or a prospect's server, sends back."""

import email
import html
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from .prospects import Behaviour, draw
from .texts import BOUNCES, TEXTS

POLICY = SMTP.clone(max_line_length=998)
MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True)
class Received:
    """A mail as its recipient sees it; `sender` is the envelope's, where answers and bounces go."""

    sender: str
    recipient: str
    message: Message
    at: datetime

    @property
    def message_id(self) -> str:
        return first_id(self.message, "Message-ID")

    @property
    def thread(self) -> str:
        """The Message-ID of the mail that began the thread."""
        return first_id(self.message, "References", "In-Reply-To", "Message-ID")

    @property
    def is_automatic(self) -> bool:
        return header(self.message, "Auto-Submitted").lower() not in ("", "no")

    @property
    def name(self) -> str:
        """The recipient's name as the sender wrote it, or one made from the address."""
        for name, address in getaddresses([header(self.message, "To")]):
            if address.lower() == self.recipient.lower() and name:
                return name
        local = self.recipient.rpartition("@")[0].partition("+")[0]
        return " ".join(word.capitalize() for word in re.split(r"[._-]+", local) if word)


def parse(content: bytes) -> Message:
    """The message under the lenient policy, which raises on nothing."""
    return email.message_from_bytes(content)


def header(message: Message, name: str) -> str:
    """One header, decoded, on one line; empty if it is missing."""
    raw = str(message.get(name, ""))
    with suppress(ValueError, LookupError):
        raw = str(make_header(decode_header(raw)))
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split())


def first_id(message: Message, *names: str) -> str:
    for name in names:
        if found := MESSAGE_ID.search(str(message.get(name, ""))):
            return found[0]
    return ""


def answer(received: Received, behaviour: Behaviour, seed: int, host: str) -> bytes | None:
    """The bytes that arrive in the sender's inbox, or None where the prospect says nothing."""
    if behaviour in BOUNCES:
        return bounce(received, behaviour, host)
    if behaviour not in TEXTS:
        return None
    choices = TEXTS[behaviour]
    text = choices[draw(received.recipient, seed, "text") % len(choices)]
    back = received.at + timedelta(days=5 + draw(received.recipient, seed, "back") % 10)
    text = text.format(name=received.name, back=f"{back:%B} {back.day}, {back.year}")
    if behaviour is Behaviour.AWAY:
        return away(received, text)
    if behaviour is Behaviour.HTML:
        return outlook_reply(received, text)
    return gmail_reply(received, text)


def envelope_of(received: Received, subject: str) -> EmailMessage:
    """An answer's headers without its body."""
    reply = EmailMessage(policy=POLICY)
    reply["From"] = address_header(received.name, received.recipient)
    reply["To"] = address_header("", received.sender)
    reply["Subject"] = subject[:900]
    reply["Date"] = received.at
    key = draw(received.recipient + received.message_id, 0, subject)
    reply["Message-ID"] = f"<{key:016x}@{ascii_domain(received.recipient)}>"
    if received.message_id:
        reply["In-Reply-To"] = received.message_id
        earlier = MESSAGE_ID.findall(str(received.message.get("References", "")))
        reply["References"] = " ".join([*earlier, received.message_id])
    return reply


def ascii_domain(address: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "x", address.rpartition("@")[2].lower())


def address_header(name: str, address: str) -> str:
    plain = re.sub(r'["\\]', "", name)
    return f'"{plain}" <{address}>' if plain else address


def reply_subject(received: Received) -> str:
    subject = header(received.message, "Subject")
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def gmail_reply(received: Received, text: str) -> bytes:
    """Plain text with the original quoted below an attribution line, and the same as HTML."""
    when = f"{received.at:%a, %b} {received.at.day}, {received.at:%Y at %I:%M %p}"
    attribution = f"On {when} {header(received.message, 'From')} wrote:"
    original = plain_text(received.message)
    quoted = "\n".join(f"> {line}" if line else ">" for line in original.splitlines())
    reply = envelope_of(received, reply_subject(received))
    reply.set_content(f"{text}\n\n{attribution}\n\n{quoted}\n")
    reply.add_alternative(
        f'<div dir="ltr">{as_html(text)}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{html.escape(attribution)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;padding-left:1ex">{as_html(original)}'
        "</blockquote></div>\n",
        subtype="html",
    )
    return reply.as_bytes()


def outlook_reply(received: Received, text: str) -> bytes:
    """HTML only, the original below a block of its headers."""
    fields = {
        "From": header(received.message, "From"),
        "Sent": f"{received.at:%A, %B} {received.at.day}, {received.at:%Y %I:%M %p}",
        "To": header(received.message, "To"),
        "Subject": header(received.message, "Subject"),
    }
    block = "<br>".join(f"<b>{name}:</b> {html.escape(value)}" for name, value in fields.items())
    reply = envelope_of(received, reply_subject(received))
    reply.set_content(
        f'<html><body><div class="elementToProof">{as_html(text)}</div>'
        f'<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">{block}</div>'
        f"<div>{as_html(plain_text(received.message))}</div></body></html>\n",
        subtype="html",
    )
    return reply.as_bytes()


def away(received: Received, text: str) -> bytes:
    """An automatic answer with the headers of RFC 3834."""
    reply = envelope_of(received, f"Automatic reply: {header(received.message, 'Subject')}")
    reply["Auto-Submitted"] = "auto-replied"
    reply["X-Auto-Response-Suppress"] = "All"
    reply.set_content(text + "\n")
    return reply.as_bytes()


def bounce(received: Received, behaviour: Behaviour, host: str) -> bytes:
    """A delivery status notification (RFC 3464) with the original's headers."""
    status, template = BOUNCES[behaviour]
    diagnostic = template.format(recipient=received.recipient)
    failed = status.startswith("5")
    report = MIMEMultipart("report", policy=POLICY)
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{host}>"
    report["To"] = received.sender
    report["Subject"] = "Undelivered Mail Returned to Sender" if failed else "Delayed: the mailbox is full"
    report["Date"] = format_datetime(received.at)
    report["Message-ID"] = f"<{draw(received.recipient + received.message_id, 0, 'dsn'):016x}@{host}>"
    report["Auto-Submitted"] = "auto-replied"
    verdict = "could not be delivered" if failed else "has not been delivered yet"
    report.attach(
        MIMEText(
            f"This is the mail system at host {host}.\n\nYour message {verdict} to:\n\n"
            f"<{received.recipient}>: {diagnostic}\n",
            policy=POLICY,
        )
    )
    report.attach(status_part(received, status, diagnostic, host))
    headers = MIMENonMultipart("text", "rfc822-headers", policy=POLICY)
    original = "".join(f"{name}: {value}\n" for name, value in received.message.items())
    headers.set_payload(original.encode("ascii", "replace").decode())
    report.attach(headers)
    return report.as_bytes(policy=POLICY)


def status_part(received: Received, status: str, diagnostic: str, host: str) -> Message:
    about_message = Message(policy=POLICY)
    about_message["Reporting-MTA"] = f"dns; {host}"
    about_message["Arrival-Date"] = format_datetime(received.at)
    about_recipient = Message(policy=POLICY)
    about_recipient["Final-Recipient"] = f"rfc822; {received.recipient}"
    about_recipient["Action"] = "failed" if status.startswith("5") else "delayed"
    about_recipient["Status"] = status
    about_recipient["Diagnostic-Code"] = f"smtp; {diagnostic}"
    part = Message(policy=POLICY)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([about_message, about_recipient])
    return part


def plain_text(message: Message) -> str:
    """The first text/plain part; what cannot be decoded is replaced."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return decoded(content, part.get_content_charset("utf-8"))
    return ""


def decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def as_html(text: str) -> str:
    return html.escape(text.strip()).replace("\n", "<br>\n")
