"""An approved text as a message of its thread: its ids, its headers and its exact bytes, made once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mailbox.headers import Person
from mailbox.mime import Footer, Outgoing, new_message_id, plain_body, render
from mailbox.models import Delivery, Message, Thread
from paitho.lib.ids import uuid7

OPT_OUT = "If you would rather not hear from us again: {url}"


@dataclass(frozen=True, slots=True)
class Content:
    """What a person approved, and to whom it goes.

    The link's token is 256 random bits, in the link only; a personal answer has no link and no footer.
    """

    subject: str
    text: str
    recipient_name: str
    recipient_address: str
    opt_out_url: str | None = None
    postal_address: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that can be stored: `uid` is its row's id and its X-Paitho-Id."""

    uid: UUID
    message_id: str
    subject: str
    raw: bytes


def prepare(thread: Thread, content: Content, earlier: list[Message] | None = None) -> Prepared:
    """Render the message. Raises `CannotRender` with a sentence for what cannot be sent correctly.

    `earlier` are the thread's messages, oldest first, where the caller has them.
    """
    uid = uuid7()
    earlier = earlier_in(thread) if earlier is None else earlier
    subject = subject_in(earlier, content.subject)
    mailbox = thread.mailbox
    address = str(mailbox.address)
    message_id = new_message_id(address.rpartition("@")[2])
    url = content.opt_out_url
    raw = render(
        Outgoing(
            sender=Person(str(mailbox.sender_name), address),
            recipient=Person(content.recipient_name, content.recipient_address),
            subject=subject,
            text=content.text,
            date=timezone.now(),
            message_id=message_id,
            paitho_id=str(uid),
            references=tuple(message.message_id for message in earlier),
            unsubscribe_url=url,
            footer=Footer(OPT_OUT.format(url=url), content.postal_address) if url else None,
        ),
        loopback=settings.EMBEDDED,
    )
    return Prepared(uid, message_id, subject, raw)


@dataclass(frozen=True, slots=True)
class Preview:
    """The words of a mail that is not made yet: its subject, and its text with the footer."""

    subject: str
    text: str


def preview(content: Content, earlier: list[Message]) -> Preview:
    """What `prepare` would put into the mail. Raises `CannotRender` likewise."""
    subject = subject_in(earlier, content.subject)
    footer = Footer(OPT_OUT.format(url=content.opt_out_url), content.postal_address)
    nobody = Person("", content.recipient_address)
    message = Outgoing(nobody, nobody, subject, content.text, timezone.now(), "", "", footer=footer)
    return Preview(subject, plain_body(message))


def earlier_in(thread: Thread) -> list[Message]:
    """The thread's messages, oldest first."""
    return list(thread.messages.exclude(delivery=Delivery.CANCELLED).order_by("at"))


def subject_in(earlier: list[Message], subject: str) -> str:
    """The subject as it is sent: an answer keeps the one that its thread began with."""
    return f"Re: {_bare(earlier[0].subject)}" if earlier else subject


def _bare(subject: str) -> str:
    return subject.removeprefix("Re: ")


def by_opt_out(token_hash: bytes) -> Message | None:
    """The message whose opt-out link this is."""
    return Message.objects.select_related("thread__lead", "mailbox").filter(opt_out_hash=token_hash).first()
