"""Writes to mailboxes: connect, change, pause, revive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from mailbox.consent import revoke
from mailbox.errors import CannotConnect
from mailbox.models import Health, Mailbox
from mailbox.trouble import MailboxTrouble
from tenants import bells

LIMITS = ["sender_name", "daily_cap", "gap_seconds", "ramp_first", "ramp_step"]


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
    ramp_first: int = 0
    ramp_step: int = 0
    vendor: str = ""
    consent_ends_at: datetime | None = None


def connect(new: NewMailbox, *, by: Actor) -> Mailbox:
    """Try both servers, then store the mailbox. Raises `CannotConnect` with the server's own words.

    With a `vendor`, what stands for the password are the packed tokens of a consent.
    """
    credential = Credential(
        kind=Kind.OAUTH if new.vendor else Kind.MAILBOX,
        label=new.address[:80],
        secret=new.password,
        added_by=by.id,
    )
    mailbox = _row(new, credential)
    check(mailbox)
    with transaction.atomic():
        credential.save(force_insert=True)
        mailbox.save(force_insert=True)
        record(Event.MAILBOX_CONNECTED, by=by, about=mailbox)
        bells.ring("sync")
    return mailbox


def _row(new: NewMailbox, credential: Credential) -> Mailbox:
    now = timezone.now()
    return Mailbox(
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
        sent_read_at=now,  # nothing of ours can be in it yet
        is_sandbox=new.is_sandbox,
        ramp_first=new.ramp_first,
        ramp_step=new.ramp_step,
        ramp_began=now.date() if new.ramp_first else None,
        vendor=new.vendor,
        consent_ends_at=new.consent_ends_at,
    )


def check(mailbox: Mailbox) -> None:
    """Sign in to both servers and leave. Raises `CannotConnect`."""
    try:
        answer = smtp.check(smtp_account(mailbox))
    except MailboxTrouble as error:
        raise CannotConnect(f"The consent does not open the mailbox: {error}") from error
    if isinstance(answer, smtp.Problem):
        raise CannotConnect(f"Sending (SMTP): {answer.sentence}")
    try:
        with imap.connect(imap_account(mailbox)) as session:
            session.folders()
    except MailboxTrouble as error:
        raise CannotConnect(f"Reading (IMAP): {error}") from error


@transaction.atomic
def change(mailbox: Mailbox, limits: Mapping[str, Any], *, by: Actor) -> None:
    """Store the sender's name and how fast the mailbox sends; a ramp-up that is new begins today."""
    for name in LIMITS:
        setattr(mailbox, name, limits[name])
    if not mailbox.ramp_first:
        mailbox.ramp_began = None
    elif mailbox.ramp_began is None:
        mailbox.ramp_began = timezone.now().date()
    mailbox.save(update_fields=[*LIMITS, "ramp_began"])
    record(Event.MAILBOX_CHANGED, by=by, about=mailbox, cap=mailbox.daily_cap, gap=mailbox.gap_seconds)


@transaction.atomic
def pause(mailbox: Mailbox, *, by: Actor) -> None:
    """Nothing is sent from this mailbox until somebody tries it again; reading goes on."""
    Mailbox.objects.filter(pk=mailbox.pk).update(health=Health.PAUSED, paused_because="person")
    record(Event.MAILBOX_CHANGED, by=by, about=mailbox, health="paused")


@transaction.atomic
def pause_for_bounces(mailbox: Mailbox, *, by: Actor) -> None:
    """Too many addresses do not exist: before receivers judge the domain by it, a person looks."""
    why = "Too many of its last mails bounced. Look at where the addresses come from, then try it again."
    working = Mailbox.objects.select_for_update().filter(pk=mailbox.pk, health=Health.WORKING)
    for found in working:
        found.health, found.problem, found.paused_because = Health.PAUSED, why, "bounces"
        found.save(update_fields=["health", "problem", "paused_because"])
        record(Event.MAILBOX_CHANGED, by=by, about=mailbox, health="paused", because="bounces")


def revive(mailbox: Mailbox, *, by: Actor) -> None:
    """Try both servers and let the mailbox work again. Raises `CannotConnect` and changes nothing."""
    check(mailbox)
    with transaction.atomic():
        fresh = {"failures": 0, "read_failures": 0, "next_at": None, "reading_until": None}
        Mailbox.objects.filter(pk=mailbox.pk).update(
            health=Health.WORKING, problem=None, synced_at=None, paused_because="", **fresh
        )
        record(Event.MAILBOX_CHANGED, by=by, about=mailbox, health="working")
        bells.ring("sync")
        bells.ring("send")


def disconnect(mailbox: Mailbox, *, by: Actor) -> bool:
    """Forget the secret and end the consent; mail stays. False: the person has to end the consent.

    A vendor that is asked knows nothing of our transaction: it is asked first.
    """
    is_ended = not mailbox.vendor or revoke(mailbox)
    with transaction.atomic():
        mailbox.credential.secret = Secret("none")
        mailbox.credential.save(update_fields=["secret"])
        mailbox.health, mailbox.problem = Health.BROKEN, "Disconnected. Connect it again to write from it."
        mailbox.save(update_fields=["health", "problem"])
        record(Event.MAILBOX_REMOVED, by=by, about=mailbox)
    return is_ended
