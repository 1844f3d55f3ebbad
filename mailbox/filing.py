"""What Sent knows: which mail went out and what the server calls it, and our own copy where it keeps none.

    sent, not seen in Sent --seen--> filed (a Message-ID that the server replaced is learned as an alias)
                           --missed twice, minutes apart--> we append our copy --> filed
    uncertain --seen--> sent             --missed twice, the first time after its grace--> a person decides
    sending, scheduled --seen--> sent: a lost answer, or a restored backup; it is not sent a second time

Sent is read like any other folder, what is new since the last visit, so a copy is found by one pass over
header fields; only what is missed is searched for by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mailbox import folders
from mailbox.folders import Role
from mailbox.imap import Found, Session, State
from mailbox.imap_rows import HeaderRow
from mailbox.models import Delivery, Direction, Folder, Mailbox, Message, MessageAlias
from mailbox.trouble import NotDone
from tenants import bells

GRACE = timedelta(minutes=11)  # longer than the DATA timeout of RFC 5321, 4.5.3.2.6
APART = timedelta(minutes=3)  # between two looks
LOOKS = 2
MOST_LOOKS = 20
UNFILED_FOR = timedelta(days=3)
AT_MOST = 50
LONGEST_ID = 998
NAMES = ("MESSAGE-ID", "X-PAITHO-ID", "X-MICROSOFT-ORIGINAL-MESSAGE-ID")
UNSETTLED = (Delivery.SCHEDULED, Delivery.SENDING, Delivery.UNCERTAIN, Delivery.FAILED)


def missed(mailbox: Mailbox) -> QuerySet[Message]:
    """Mail that should be in Sent and is due to be looked for: the doubtful, and the sent without a copy."""
    now = timezone.now()
    doubtful = Q(delivery=Delivery.UNCERTAIN, looks__lt=MOST_LOOKS)
    doubtful &= Q(at__lte=now - GRACE) | Q(filed_at__isnull=False)
    sent = Q(delivery=Delivery.SENT, filed_at=None, at__lte=now - APART, at__gt=now - UNFILED_FOR)
    sent &= Q(looks__lt=LOOKS)
    rested = Q(looked_at=None) | Q(looked_at__lte=now - APART)
    ours = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT)
    return ours.filter(doubtful | sent).filter(rested).order_by("at")


def read_sent(mailbox: Mailbox, session: Session, folder: Folder, state: State | None) -> None:
    """Take note of what is new in Sent, then look for what is missed."""
    if state is None or not _is_read(folder, state):
        _read_new(mailbox, session, folder)
    for message in missed(mailbox)[:AT_MOST]:
        _look_for(message, session)


def _is_read(folder: Folder, state: State) -> bool:
    same = folder.uidvalidity == state.uidvalidity and state.uidnext is not None
    return same and (state.uidnext or 0) - 1 <= folder.last_uid


def _read_new(mailbox: Mailbox, session: Session, folder: Folder) -> None:
    state = session.state(folders.Folder(folder.name, Role.SENT))
    if folder.uidvalidity != state.uidvalidity:
        folder.uidvalidity, folder.last_uid, folder.synced_at = state.uidvalidity, 0, None
    if folder.synced_at is not None:
        uids = session.new_uids(folder.last_uid)
    else:
        first = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT).order_by("at").first()
        since = (first.at if first else timezone.now()) - timedelta(days=1)
        uids = [uid for uid in session.uids_since(since.date()) if uid > folder.last_uid]
    for rows in session.header_batches(uids, NAMES):
        take_note(mailbox, rows)
        last = max((row.uid for row in rows), default=folder.last_uid)
        Folder.objects.filter(pk=folder.pk).update(last_uid=last, uidvalidity=folder.uidvalidity)
    folder.last_uid = max([folder.last_uid, *uids[-1:], (state.uidnext or 1) - 1])
    folder.synced_at = timezone.now()
    folder.save(update_fields=["uidvalidity", "last_uid", "synced_at"])


def take_note(mailbox: Mailbox, rows: Iterable[HeaderRow]) -> int:
    """These lie in Sent: those that are ours went out. Returns how many were ours."""
    by_uid: dict[UUID, str] = {}
    by_id: dict[str, str] = {}
    for row in rows:
        actual = row.fields.get("MESSAGE-ID", "")
        if uid := _uuid(row.fields.get("X-PAITHO-ID", "")):
            by_uid[uid] = actual
        elif actual:
            by_id[actual] = actual
    ours = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT, filed_at=None)
    found = list(ours.filter(Q(pk__in=by_uid) | Q(message_id__in=by_id)).defer("raw", "body", "subject"))
    for message in found:
        settle_found(message, by_uid.get(message.pk) or by_id.get(message.message_id, ""))
    return len(found)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


@transaction.atomic
def settle_found(message: Message, actual_id: str) -> None:
    """The mail is in Sent: it went. The id that the server gave it is kept, since answers will name it."""
    now = timezone.now()
    ours = Message.objects.filter(pk=message.pk)
    ours.update(filed_at=now)
    if message.looks == 0:
        Mailbox.objects.filter(pk=message.mailbox_id, server_files_sent=None).update(server_files_sent=True)
    # A running claim is its worker's to settle; once its lease is over it is doubtful, and found again.
    is_running = Q(delivery=Delivery.SENDING, lease_until__gt=now)
    if (
        ours.filter(delivery__in=UNSETTLED)
        .exclude(is_running)
        .update(delivery=Delivery.SENT, lease_until=None)
    ):
        bells.ring("react")
    if actual_id and actual_id != message.message_id and len(actual_id) <= LONGEST_ID:
        MessageAlias.objects.get_or_create(message_id=actual_id, defaults={"original": message})


def _look_for(message: Message, session: Session) -> None:
    """Search for one mail by its ids. A sent one that is missed for the second time gets our own copy."""
    if message.filed_at is not None:  # its copy was seen while its worker was still thought to live
        settle_found(message, message.message_id)
        return
    copies: list[Found] = session.find_in_sent(message.message_id, str(message.pk))
    if copies:
        settle_found(message, copies[0].message_id)
        return
    now = timezone.now()
    ours = Message.objects.filter(pk=message.pk, looks=message.looks)
    if not ours.update(looks=F("looks") + 1, looked_at=now):
        return
    if message.delivery == Delivery.SENT and message.looks + 1 >= LOOKS and message.raw is not None:
        _append(message, session)


def _append(message: Message, session: Session) -> None:
    """Put our copy there, as mail programs do where the server does not."""
    try:
        is_there = session.append_to_sent(message.raw or b"", message.at)
    except NotDone:  # over quota, or a folder that takes nothing: the mail itself was sent
        return
    if is_there:
        Message.objects.filter(pk=message.pk).update(filed_at=timezone.now())
        Mailbox.objects.filter(pk=message.mailbox_id).update(server_files_sent=False)
