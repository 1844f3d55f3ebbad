"""Writes to mailboxes: connect, change, pause, revive."""

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
from mailbox import imap, smtp
from mailbox.accounts import imap_account, smtp_account
from mailbox.errors import CannotConnect
from mailbox.models import Health, Mailbox
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
        sent_read_at=timezone.now(),  # nothing of ours can be in it yet
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
