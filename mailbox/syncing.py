"""Reads what is new in the team's mailboxes: headers first, a body only when it belongs to a thread of ours.

    connect -> EXAMINE folder -> (uidvalidity, last uid) known?
        same uidvalidity  -> UIDs above last uid
        new or changed    -> UIDs since the oldest thread; what is stored already is not stored again
    -> header fields in batches -> match -> body of the matched -> rows and last uid in one commit

Mail that matches none of our threads is never stored, and its body is never read; delivery reports are read,
because often only their body names the mail that they are about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from keychain.index import blind_index
from mailbox import folders
from mailbox.accounts import imap_account
from mailbox.folders import Role
from mailbox.imap import Session, batches, connect
from mailbox.imap_rows import HeaderRow
from mailbox.models import Delivery, Direction, Folder, Health, Mailbox, Message, MessageAlias, Thread
from mailbox.triage import Kind, Triage, triage
from mailbox.trouble import AuthRefused, MailboxTrouble, Throttled
from paitho.lib.text import NotAnAddress
from tenants import bells

POLL = timedelta(seconds=60)
SANDBOX_POLL = timedelta(seconds=5)  # whoever tries the product is not kept waiting
LIMIT = 256 * 1024  # bytes of a body that are read
READ = (Role.INBOX, Role.JUNK)
GRACE = timedelta(minutes=11)  # longer than the DATA timeout of RFC 5321, 4.5.3.2.6
IDS = re.compile(r"<[^<>\s]{1,996}>")
ADDRESS = re.compile(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+")
ANSWERS = ("IN-REPLY-TO", "REFERENCES", "X-MICROSOFT-ORIGINAL-MESSAGE-ID")
HARMLESS = {"auth-failure", "not-spam"}  # feedback types of RFC 5965 and RFC 6591
REPORTERS = ("multipart/report", "mailer-daemon", "postmaster", "bounce", "delivery")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that belongs to one of our threads."""

    row: HeaderRow
    thread: Thread
    raw: bytes


def sync_slice() -> datetime | None:
    """Read every mailbox of the bound workspace that is due."""
    usable = list(Mailbox.objects.exclude(health=Health.BROKEN))
    for mailbox in usable:
        if _due_at(mailbox) <= timezone.now():
            sync_mailbox(mailbox)
            mailbox.refresh_from_db()
    return min((_due_at(mailbox) for mailbox in usable if mailbox.health != Health.BROKEN), default=None)


def _due_at(mailbox: Mailbox) -> datetime:
    """When the mailbox is read next; at once when it never was."""
    if mailbox.synced_at is None:
        return timezone.now()
    return mailbox.synced_at + (SANDBOX_POLL if mailbox.is_sandbox else POLL)


def sync_mailbox(mailbox: Mailbox) -> int:
    """Read one mailbox; returns how many messages were stored. What fails is said on the mailbox."""
    stored = 0
    try:
        with connect(imap_account(mailbox)) as session:
            for folder in session.folders():
                if folder.role in READ:
                    stored += _sync_folder(mailbox, session, folder)
            reconcile(mailbox, session)
    except MailboxTrouble as error:
        _trouble(mailbox, error)
        return stored
    Mailbox.objects.filter(pk=mailbox.pk).update(synced_at=timezone.now())
    return stored


def _trouble(mailbox: Mailbox, error: MailboxTrouble) -> None:
    mailbox.problem = f"Reading mail: {error}"
    mailbox.synced_at = max(timezone.now(), error.until) if isinstance(error, Throttled) else timezone.now()
    if isinstance(error, AuthRefused):
        mailbox.health = Health.BROKEN
    mailbox.save(update_fields=["problem", "synced_at", "health"])


def _sync_folder(mailbox: Mailbox, session: Session, place: folders.Folder) -> int:
    folder, _ = Folder.objects.get_or_create(
        mailbox=mailbox, name=place.name, defaults={"role": place.role.value}
    )
    state = session.state(place)
    if folder.uidvalidity == state.uidvalidity and folder.synced_at is not None:
        uids = session.new_uids(folder.last_uid)
    else:
        folder.uidvalidity, folder.last_uid = state.uidvalidity, 0
        uids = session.uids_since(_oldest(mailbox))
    stored = 0
    for portion in batches(uids):
        stored += _take_in(mailbox, session, folder, session.headers(portion))
    folder.last_uid = max([folder.last_uid, *uids, (state.uidnext or 1) - 1])
    folder.synced_at = timezone.now()
    folder.save(update_fields=["uidvalidity", "last_uid", "synced_at"])
    return stored


def _oldest(mailbox: Mailbox) -> date:
    """The day before the mailbox's first thread: nothing older can answer us."""
    first = Thread.objects.filter(mailbox=mailbox).order_by("created_at").first()
    return ((first.created_at if first else timezone.now()) - timedelta(days=1)).date()


def _take_in(mailbox: Mailbox, session: Session, folder: Folder, rows: list[HeaderRow]) -> int:
    """Store the rows' messages that are ours, and how far the folder has been read, in one commit."""
    arrived = [found for row in rows if (found := _ours(mailbox, session, row)) is not None]
    stored = 0
    with transaction.atomic():
        for each in arrived:
            stored += _store(mailbox, each)
        if rows:
            last = max(row.uid for row in rows)
            Folder.objects.filter(pk=folder.pk).update(last_uid=last, uidvalidity=folder.uidvalidity)
        if stored:
            bells.ring("react")
    return stored


def _ours(mailbox: Mailbox, session: Session, row: HeaderRow) -> Arrived | None:
    """The message with its body if it belongs to a thread of ours."""
    thread = _by_ids(_answered(row.fields))
    is_report = thread is None and _looks_like_a_report(row.fields)
    if thread is None and not is_report:
        thread = _by_sender(mailbox, row.fields.get("FROM", ""))
    if thread is None and not is_report:
        return None
    body = session.body(row.uid, LIMIT)
    if body is None:
        return None
    thread = thread or _by_report(mailbox, body.content)
    return Arrived(row, thread, body.content) if thread else None


def _answered(fields: Mapping[str, str]) -> list[str]:
    """The ids of the messages that this one answers or follows."""
    return IDS.findall(" ".join(fields.get(name, "") for name in ANSWERS))[:100]


def _looks_like_a_report(fields: Mapping[str, str]) -> bool:
    text = f"{fields.get('CONTENT-TYPE', '')} {fields.get('FROM', '')}".lower()
    return any(mark in text for mark in REPORTERS)


def _by_ids(ids: list[str]) -> Thread | None:
    if not ids:
        return None
    ours = Message.objects.filter(direction=Direction.OUT, message_id__in=ids).select_related("thread")
    if message := ours.first():
        return message.thread
    alias = MessageAlias.objects.filter(message_id__in=ids).select_related("original__thread").first()
    return alias.original.thread if alias else None


def _by_sender(mailbox: Mailbox, sender: str) -> Thread | None:
    """The latest thread with the person who writes."""
    found = ADDRESS.findall(sender[:2000])
    if not found:
        return None
    try:
        index = blind_index().email(found[-1])
    except NotAnAddress:
        return None
    return Thread.objects.filter(mailbox=mailbox, lead__email_index=index).order_by("-last_at").first()


def _by_report(mailbox: Mailbox, raw: bytes) -> Thread | None:
    """The thread of the mail that a report is about: by its id, else by the address that failed."""
    read = triage(raw)
    if read.message_id and (thread := _by_ids([read.message_id])) is not None:
        return thread
    return _by_sender(mailbox, read.recipient) if read.recipient else None


def _store(mailbox: Mailbox, arrived: Arrived) -> int:
    """One received message as a row; one that is there already is not stored twice."""
    thread, raw = arrived.thread, arrived.raw
    ids = IDS.findall(arrived.row.fields.get("MESSAGE-ID", ""))
    message_id = ids[0] if ids else f"<sha256.{hashlib.sha256(raw).hexdigest()}@missing>"
    if Message.objects.filter(mailbox=mailbox, direction=Direction.IN, message_id=message_id).exists():
        return 0
    ours = Message.objects.filter(thread=thread, direction=Direction.OUT, delivery=Delivery.SENT)
    last = ours.order_by("-at").first()
    read: Triage = triage(raw, our_text=last.body if last else None)
    Message(
        thread=thread,
        mailbox=mailbox,
        direction=Direction.IN,
        delivery=Delivery.RECEIVED,
        message_id=message_id,
        subject=read.subject,
        body=read.visible_text,
        raw=raw,
        kind=read.kind.value,
        severity=_severity(read),
        returns_on=read.returns_on,
        opts_out=read.opts_out,
    ).save(force_insert=True)
    Thread.objects.filter(pk=thread.pk).update(is_unread=True, last_at=timezone.now())
    return 1


def _severity(read: Triage) -> str:
    """A complaint that is no person's (a failed DMARC check, a "not spam") is about the mailbox: policy."""
    if read.kind is Kind.COMPLAINT:
        return "policy" if read.reason in HARMLESS else ""
    return read.severity.value if read.severity else ""


def reconcile(mailbox: Mailbox, session: Session) -> int:
    """Look for UNCERTAIN mail in Sent after its grace: what is there was sent, a person decides the rest.

    Returns how many were found. Each is looked for at every visit, so that twice is the least.
    """
    doubtful = Message.objects.filter(mailbox=mailbox, delivery=Delivery.UNCERTAIN)
    found = 0
    for message in doubtful.filter(at__lte=timezone.now() - GRACE)[:50]:
        copies = session.find_in_sent(message.message_id, str(message.pk))
        if copies:
            found += 1
            settle_found(message, copies[0].message_id)
    return found


@transaction.atomic
def settle_found(message: Message, actual_id: str) -> None:
    """The mail is in Sent: it went. The id that the server gave it is kept, since answers will name it."""
    was = Message.objects.filter(pk=message.pk, delivery=Delivery.UNCERTAIN)
    if was.update(delivery=Delivery.SENT):
        if actual_id and actual_id != message.message_id:
            MessageAlias.objects.get_or_create(message_id=actual_id, defaults={"original": message})
        bells.ring("react")
