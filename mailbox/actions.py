"""Writes to mailboxes: connect, change, pause, and the workspace's one switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.models import Standing
from mailbox import imap, smtp
from mailbox.accounts import imap_account, smtp_account
from mailbox.errors import CannotConnect, NotSendable
from mailbox.headers import CannotRender
from mailbox.models import Delivery, Direction, Health, Mailbox, Message, SendingSwitch, Thread
from mailbox.outgoing import Content, prepare
from mailbox.trouble import MailboxTrouble
from tenants import bells

LIMITS = ["sender_name", "daily_cap", "gap_seconds"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where one side of a mailbox is reached."""

    host: str
    port: int
    security: str = "tls"


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """What a person enters to connect a mailbox."""

    address: str
    sender_name: str
    username: str
    password: Secret
    smtp: Server
    imap: Server
    daily_cap: int = 50
    gap_seconds: int = 60
    is_sandbox: bool = False


def connect(new: NewMailbox, *, by: Actor) -> Mailbox:
    """Try both servers, then store the mailbox. Raises `CannotConnect` with the server's own words."""
    credential = Credential(
        kind=Kind.MAILBOX,
        label=new.address[:80],
        secret=new.password,
        added_by=by.id,
    )
    mailbox = Mailbox(
        address=new.address,
        sender_name=new.sender_name,
        username=new.username,
        smtp_host=new.smtp.host,
        smtp_port=new.smtp.port,
        smtp_security=new.smtp.security,
        imap_host=new.imap.host,
        imap_port=new.imap.port,
        imap_security=new.imap.security,
        credential=credential,
        daily_cap=new.daily_cap,
        gap_seconds=new.gap_seconds,
        is_sandbox=new.is_sandbox,
    )
    check(mailbox)
    with transaction.atomic():
        credential.save(force_insert=True)
        mailbox.save(force_insert=True)
        record(Event.MAILBOX_CONNECTED, by=by, about=mailbox)
        bells.ring("sync")
    return mailbox


def check(mailbox: Mailbox) -> None:
    """Sign in to both servers and leave. Raises `CannotConnect`."""
    answer = smtp.check(smtp_account(mailbox))
    if isinstance(answer, smtp.Problem):
        raise CannotConnect(f"Sending (SMTP): {answer.sentence}")
    try:
        with imap.connect(imap_account(mailbox)) as session:
            session.folders()
    except MailboxTrouble as error:
        raise CannotConnect(f"Reading (IMAP): {error}") from error


@transaction.atomic
def pause_sending(*, by: Actor, reason: str = "") -> None:
    """Nothing leaves this workspace until it is resumed; takes effect at the next claim."""
    SendingSwitch.objects.update_or_create(
        defaults={"is_paused": True, "reason": reason, "changed_at": timezone.now()}
    )
    record(Event.SENDING_PAUSED, by=by, reason=reason)


@transaction.atomic
def resume_sending(*, by: Actor) -> None:
    SendingSwitch.objects.update(is_paused=False, reason="", changed_at=timezone.now())
    record(Event.SENDING_RESUMED, by=by)
    bells.ring("send")


@transaction.atomic
def change(mailbox: Mailbox, limits: Mapping[str, Any], *, by: Actor) -> None:
    """Store `sender_name`, `daily_cap` and `gap_seconds`."""
    for name in LIMITS:
        setattr(mailbox, name, limits[name])
    mailbox.save(update_fields=LIMITS)
    record(Event.MAILBOX_CHANGED, by=by, about=mailbox, cap=mailbox.daily_cap, gap=mailbox.gap_seconds)


@transaction.atomic
def pause(mailbox: Mailbox, *, by: Actor) -> None:
    """Nothing is sent from this mailbox until somebody tries it again; reading goes on."""
    Mailbox.objects.filter(pk=mailbox.pk).update(health=Health.PAUSED)
    record(Event.MAILBOX_CHANGED, by=by, about=mailbox, health="paused")


def revive(mailbox: Mailbox, *, by: Actor) -> None:
    """Try both servers and let the mailbox work again. Raises `CannotConnect` and changes nothing."""
    check(mailbox)
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(health=Health.WORKING, problem=None, synced_at=None)
        record(Event.MAILBOX_CHANGED, by=by, about=mailbox, health="working")
        bells.ring("sync")
        bells.ring("send")


@transaction.atomic
def answer(thread: Thread, text: str, *, by: Actor) -> Message:
    """Send a person's own words in the thread. Raises `NotSendable` with a sentence."""
    lead, mailbox = thread.lead, thread.mailbox
    if lead.standing == Standing.OPTED_OUT:
        raise NotSendable("This person asked not to be written to. Nothing can be sent to the address.")
    if mailbox.health != Health.WORKING:
        raise NotSendable("The mailbox does not work at the moment. See Mailboxes.")
    profile = lead.profile
    name = " ".join(filter(None, [profile.get("first_name"), profile.get("last_name")]))
    try:
        prepared = prepare(thread, Content("", text, name, profile["email"]))
    except CannotRender as error:
        raise NotSendable(str(error)) from error
    message = Message(
        id=prepared.uid,
        thread=thread,
        mailbox=mailbox,
        direction=Direction.OUT,
        delivery=Delivery.SCHEDULED,
        message_id=prepared.message_id,
        subject=prepared.subject,
        body=text,
        raw=prepared.raw,
        recipient_index=lead.email_index,
        recipient_domain_index=lead.domain_index,
        due_at=timezone.now(),
    )
    message.save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(last_at=timezone.now(), is_unread=False)
    record(Event.REPLY_SENT, by=by, about=thread)
    bells.ring("send")
    return message


def mark_read(thread: Thread) -> None:
    """Read in Paitho only: the mailbox itself is never changed."""
    Thread.objects.filter(pk=thread.pk).update(is_unread=False)


@transaction.atomic
def set_outcome(thread: Thread, outcome: str, *, by: Actor) -> None:
    Thread.objects.filter(pk=thread.pk).update(outcome=outcome, assigned_to=by.id)
    record(Event.THREAD_CHANGED, by=by, about=thread, outcome=outcome)


@transaction.atomic
def settle_doubt(message: Message, *, went: bool, by: Actor) -> None:
    """A person says whether an UNCERTAIN mail went; it is not sent again by itself either way."""
    delivery = Delivery.SENT if went else Delivery.FAILED
    if Message.objects.filter(pk=message.pk, delivery=Delivery.UNCERTAIN).update(delivery=delivery):
        record(Event.DOUBT_SETTLED, by=by, about=message, went=went)
        bells.ring("react")
