"""Reads what is new in the team's mailboxes: headers first, a body only when it belongs to a thread of ours.

    connect -> EXAMINE folder -> (uidvalidity, last uid) known?
        same uidvalidity  -> UIDs above last uid
        new or changed    -> UIDs since the oldest open thread; what is stored already is not stored again
    -> header fields in batches -> match -> body of the matched -> rows and last uid in one commit

Mail that matches none of our threads is never fetched and never stored.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import Message as EmailMessage
from email.parser import BytesHeaderParser

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from keychain.index import blind_index
from mailbox.accounts import imap_account
from mailbox.imap import AuthRefused, Headers, ImapError, Place, Session, Throttled
from mailbox.models import Delivery, Direction, Folder, Health, Mailbox, Message, MessageAlias, Thread
from mailbox.triage import Triage, triage
from paitho.lib.text import NotAnAddress
from tenants import bells

POLL = timedelta(seconds=60)
LIMIT = 256 * 1024  # bytes of a body that are read
READ = ("inbox", "junk")
IDS = re.compile(r"<[^<>\s]{1,996}>")
REPORTERS = ("multipart/report", "mailer-daemon", "postmaster", "bounce", "delivery")
ADDRESS = re.compile(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+")


def sync_slice() -> datetime | None:
    """Read every mailbox of the bound workspace that is due."""
    due = Q(synced_at=None) | Q(synced_at__lte=timezone.now() - POLL)
    for mailbox in Mailbox.objects.exclude(health=Health.BROKEN).filter(due):
        sync_mailbox(mailbox)
    first = Mailbox.objects.exclude(health=Health.BROKEN).order_by("synced_at").first()
    return first.synced_at + POLL if first and first.synced_at else None


def sync_mailbox(mailbox: Mailbox) -> int:
    """Read one mailbox; returns how many messages were stored. What fails is said on the mailbox."""
    stored = 0
    try:
        with Session(imap_account(mailbox)) as session:
            for place in session.places():
                if place.role in READ:
                    stored += _sync_folder(mailbox, session, place)
    except ImapError as error:
        _trouble(mailbox, error)
        return stored
    Mailbox.objects.filter(pk=mailbox.pk).update(synced_at=timezone.now())
    return stored


def _trouble(mailbox: Mailbox, error: ImapError) -> None:
    mailbox.problem = f"Reading mail: {error}"
    mailbox.synced_at = timezone.now()
    if isinstance(error, Throttled):
        mailbox.synced_at += timedelta(seconds=error.seconds)
    if isinstance(error, AuthRefused):
        mailbox.health = Health.BROKEN
    mailbox.save(update_fields=["problem", "synced_at", "health"])


def _sync_folder(mailbox: Mailbox, session: Session, place: Place) -> int:
    folder, _ = Folder.objects.get_or_create(mailbox=mailbox, name=place.name, defaults={"role": place.role})
    standing = session.open(place.name)
    if folder.uidvalidity == standing.uidvalidity and folder.synced_at is not None:
        uids = session.new(folder.last_uid)
    else:
        folder.uidvalidity, folder.last_uid = standing.uidvalidity, 0
        uids = session.new(0, since=_oldest(mailbox))
    stored = 0
    for batch in session.headers(uids):
        stored += _take_in(mailbox, session, folder, batch)
    folder.last_uid = max([folder.last_uid, *uids])
    folder.synced_at = timezone.now()
    folder.save(update_fields=["uidvalidity", "last_uid", "synced_at"])
    return stored


def _oldest(mailbox: Mailbox) -> date:
    """The day before the mailbox's first thread: nothing older can answer us."""
    first = Thread.objects.filter(mailbox=mailbox).order_by("created_at").first()
    return ((first.created_at if first else timezone.now()) - timedelta(days=1)).date()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that belongs to one of our threads."""

    headers: Headers
    thread: Thread
    raw: bytes


def _take_in(mailbox: Mailbox, session: Session, folder: Folder, batch: list[Headers]) -> int:
    """Store the batch's messages that are ours, and how far the folder has been read, in one commit."""
    arrived = [found for each in batch if (found := _ours(mailbox, session, each)) is not None]
    stored = 0
    with transaction.atomic():
        for each in arrived:
            stored += _store(mailbox, each)
        if batch:
            Folder.objects.filter(pk=folder.pk).update(last_uid=batch[-1].uid, uidvalidity=folder.uidvalidity)
        if stored:
            bells.ring("react")
    return stored


def _ours(mailbox: Mailbox, session: Session, headers: Headers) -> Arrived | None:
    """The message with its body if it belongs to a thread of ours; the body of any other is not read.

    A delivery report is the exception: often only its body names the mail that it is about. It is read, and
    let go when that mail is not ours.
    """
    fields = BytesHeaderParser().parsebytes(headers.fields)
    thread = _by_ids(_answered(fields))
    is_report = thread is None and _looks_like_a_report(fields)
    if thread is None and not is_report:
        thread = _by_sender(mailbox, str(fields.get("From", "")))
    if thread is None and not is_report:
        return None
    raw = session.body(headers.uid, LIMIT)
    if raw is None:
        return None
    thread = thread or _by_report(mailbox, raw)
    return Arrived(headers, thread, raw) if thread else None


def _answered(fields: EmailMessage) -> list[str]:
    """The ids of the messages that this one answers or follows."""
    text = " ".join(
        str(value)
        for name in ("In-Reply-To", "References", "X-Microsoft-Original-Message-ID")
        for value in fields.get_all(name, [])
    )
    return IDS.findall(text)[:100]


def _looks_like_a_report(fields: EmailMessage) -> bool:
    text = f"{fields.get('Content-Type', '')} {fields.get('From', '')}".lower()
    return any(mark in text for mark in REPORTERS)


def _by_report(mailbox: Mailbox, raw: bytes) -> Thread | None:
    """The thread of the mail that a report is about: by its id, else by the address that failed."""
    read = triage(raw)
    if read.message_id and (thread := _by_ids([read.message_id])) is not None:
        return thread
    return _by_sender(mailbox, read.recipient) if read.recipient else None


def _by_ids(ids: list[str]) -> Thread | None:
    if not ids:
        return None
    ours = Message.objects.filter(direction=Direction.OUT, message_id__in=ids).select_related("thread")
    if message := ours.first():
        return message.thread
    alias = MessageAlias.objects.filter(message_id__in=ids).select_related("original__thread").first()
    return alias.original.thread if alias else None


def _by_sender(mailbox: Mailbox, sender: str) -> Thread | None:
    found = ADDRESS.findall(sender[:2000])
    if not found:
        return None
    try:
        index = blind_index().email(found[-1])
    except NotAnAddress:
        return None
    return Thread.objects.filter(mailbox=mailbox, lead__email_index=index).order_by("-last_at").first()


def _store(mailbox: Mailbox, arrived: Arrived) -> int:
    """One received message as a row; one that is there already is not stored twice."""
    thread, raw = arrived.thread, arrived.raw
    fields = BytesHeaderParser().parsebytes(arrived.headers.fields)
    ids = IDS.findall(str(fields.get("Message-ID", "")))
    message_id = ids[0] if ids else f"<sha256.{hashlib.sha256(raw).hexdigest()}@missing>"
    ours = Message.objects.filter(thread=thread, direction=Direction.OUT, delivery=Delivery.SENT)
    last = ours.order_by("-at").first()
    read: Triage = triage(raw, our_text=last.body if last else None)
    if Message.objects.filter(mailbox=mailbox, direction=Direction.IN, message_id=message_id).exists():
        return 0
    Message(
        thread=thread,
        mailbox=mailbox,
        direction=Direction.IN,
        delivery=Delivery.RECEIVED,
        message_id=message_id,
        subject=read.subject,
        body=read.visible_text,
        raw=raw,
        kind=read.kind,
        severity=read.severity or "",
        returns_on=read.returns_on,
        opts_out=read.opts_out,
    ).save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(is_unread=True, last_at=timezone.now())
    return 1
