"""Writes to threads: answer, assign, outcome, and what a person says about doubtful mail."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from leads.models import Standing
from mailbox.errors import NotSendable
from mailbox.filing import LOOKS
from mailbox.headers import CannotRender
from mailbox.models import Delivery, Direction, Health, Message, Thread
from mailbox.outgoing import Content, prepare
from tenants import bells


class Doubt(StrEnum):
    """What a person knows of a mail that nobody got an answer for."""

    WENT = "yes"
    LOST = "no"
    AGAIN = "again"


@transaction.atomic
def answer(thread: Thread, text: str, *, by: Actor) -> Message:
    """Send a person's own words in the thread. Raises `NotSendable` with a sentence."""
    lead, mailbox = thread.lead, thread.mailbox
    if lead.standing == Standing.OPTED_OUT:
        raise NotSendable("This person asked not to be written to. Nothing can be sent to the address.")
    if mailbox.health != Health.WORKING:
        raise NotSendable("The mailbox does not work at the moment. See Mailboxes.")
    message = _written(thread, text, by=by)
    message.save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(last_at=timezone.now(), is_unread=False)
    record(Event.REPLY_SENT, by=by, about=thread, message=str(message.pk), sha256=_sha256(message.raw))
    bells.ring("send")
    return message


def _written(thread: Thread, text: str, *, by: Actor) -> Message:
    """The message, rendered to the bytes that will leave, and not stored yet."""
    profile = thread.lead.profile
    name = " ".join(filter(None, [profile.get("first_name"), profile.get("last_name")]))
    try:
        prepared = prepare(thread, Content("", text, name, profile["email"]))
    except CannotRender as error:
        raise NotSendable(str(error)) from error
    return Message(
        id=prepared.uid,
        thread=thread,
        mailbox=thread.mailbox,
        direction=Direction.OUT,
        delivery=Delivery.SCHEDULED,
        message_id=prepared.message_id,
        subject=prepared.subject,
        body=text,
        raw=prepared.raw,
        approved_by=by.id,
        recipient_index=thread.lead.email_index,
        recipient_domain_index=thread.lead.domain_index,
        due_at=timezone.now(),
    )


def _sha256(raw: bytes) -> str:
    """Of the exact bytes that leave, so that the log says what its author sent."""
    return hashlib.sha256(raw).hexdigest()


def mark_read(thread: Thread) -> None:
    """Read in Paitho only: the mailbox itself is never changed."""
    Thread.objects.filter(pk=thread.pk).update(is_unread=False)


@transaction.atomic
def assign(thread: Thread, member: UUID | None, *, by: Actor) -> None:
    """Who looks after the conversation; None: nobody in particular."""
    Thread.objects.filter(pk=thread.pk).update(assigned_to=member)
    record(Event.THREAD_CHANGED, by=by, about=thread, assigned=str(member or ""))


@transaction.atomic
def set_outcome(thread: Thread, outcome: str, *, by: Actor) -> None:
    Thread.objects.filter(pk=thread.pk).update(outcome=outcome)
    Thread.objects.filter(pk=thread.pk, assigned_to=None).update(assigned_to=by.id)
    record(Event.THREAD_CHANGED, by=by, about=thread, outcome=outcome)


@transaction.atomic
def settle_doubt(message: Message, answer: Doubt, *, by: Actor) -> None:
    """A person says what became of an UNCERTAIN mail. Raises `NotSendable` for one that may not go again.

    Nothing is sent again by itself. A person may have it sent, the same bytes under the same Message-ID, once
    it was looked for twice in a Sent folder that the server itself fills.
    """
    if answer is Doubt.AGAIN and not may_go_again(message):
        raise NotSendable("It was not looked for long enough in Sent: it may have gone.")
    now = timezone.now()
    values: dict[Doubt, dict[str, object]] = {
        Doubt.WENT: {"delivery": Delivery.SENT},
        Doubt.LOST: {"delivery": Delivery.FAILED},
        Doubt.AGAIN: {"delivery": Delivery.SCHEDULED, "due_at": now, "looks": 0, "looked_at": None},
    }
    doubtful = Message.objects.filter(pk=message.pk, delivery=Delivery.UNCERTAIN, filed_at=None)
    if doubtful.update(**values[answer]):
        record(Event.DOUBT_SETTLED, by=by, about=message, answer=answer.value)
        bells.ring("react")
        bells.ring("send")


def may_go_again(message: Message) -> bool:
    """Whether a copy would have been found by now, had the server taken the mail."""
    return message.looks >= LOOKS and bool(message.mailbox.server_files_sent)
