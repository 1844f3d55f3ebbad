"""Reads what is new in the team's mailboxes: headers first, a body only when it belongs to a thread of ours.

    due --lease--> connected --> names known lately? --yes--> LIST-STATUS: what has grown? --+
                                  `--no--> LIST: inbox, junk and sent by SPECIAL-USE --------+
                                                                                            v
        +------------------- for each folder that has grown or is new: EXAMINE --------------+
        v
    same uidvalidity --> UIDs above the last uid                                   (incremental)
    new or changed   --> UIDs since the oldest thread; what is stored already is not stored again
        v
    header fields in batches --> match --> bodies of the matched --> rows and last uid in ONE commit
        v
    Sent: what went out and what the server called it (`mailbox.filing`) --> settled, lease given back
        |
        +-- trouble --> back-off, a sentence on the mailbox; a refused sign-in stops its sending too
        +-- folder gone (renamed) --> names are asked for again at the next visit

A visit that dies anywhere begins again at the last commit. Mail that matches none of our threads is never
stored, and its body is never read; delivery reports are read, because often only their body names the mail
that they are about.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mailbox import folders
from mailbox.accounts import imap_account
from mailbox.crew import share
from mailbox.filing import missed, read_sent
from mailbox.folders import Role
from mailbox.imap import Session, State, connect
from mailbox.imap_rows import HeaderRow
from mailbox.matching import Arrived, Senders, arrived
from mailbox.models import Delivery, Folder, Health, Mailbox, Message, Thread
from mailbox.storing import store
from mailbox.trouble import AuthRefused, FolderGone, MailboxTrouble, Throttled
from mailbox.watching import WATCH
from tenants import bells

POLL = timedelta(seconds=60)
WATCHED_POLL = timedelta(minutes=5)  # where the server tells us at once (IDLE)
RECHECK = timedelta(seconds=5)  # while somebody else reads it, or it rests after a failure
SANDBOX_POLL = timedelta(seconds=5)  # whoever tries the product is not kept waiting
LONGEST_PAUSE = timedelta(hours=1)
LEASE = timedelta(minutes=10)
RELIST = timedelta(hours=1)  # folders are made and renamed seldom
AT_ONCE = 16
ACTIVE = timedelta(days=14)  # since the last mail that went out
READING = "Reading mail: "
ORDER = (Role.INBOX, Role.JUNK, Role.SENT)


def sync_slice() -> datetime | None:
    """Read every mailbox of the bound workspace that is due."""
    now = timezone.now()
    share(visit, [mailbox for mailbox in _usable() if _due_at(mailbox, now) <= now], at_most=AT_ONCE)
    now = timezone.now()
    return min((_due_at(mailbox, now) for mailbox in _usable()), default=None)


def _usable() -> list[Mailbox]:
    return list(Mailbox.objects.exclude(health=Health.BROKEN))


def _due_at(mailbox: Mailbox, now: datetime) -> datetime:
    """When the mailbox is read next; at once when it never was, or when there is news."""
    free_at = min(mailbox.reading_until or now, now + RECHECK)
    if mailbox.synced_at is None or (mailbox.news_at and mailbox.news_at > mailbox.synced_at):
        return max(now, free_at)
    watched = mailbox.watched_until is not None and mailbox.watched_until > now
    pause = SANDBOX_POLL if mailbox.is_sandbox else WATCHED_POLL if watched else POLL
    return max(mailbox.synced_at + pause, free_at)


def visit(mailbox: Mailbox) -> None:
    """Read a mailbox unless somebody else is reading it."""
    now = timezone.now()
    free = Q(reading_until=None) | Q(reading_until__lte=now)
    if Mailbox.objects.filter(free, pk=mailbox.pk).update(reading_until=now + LEASE):
        sync_mailbox(mailbox)


def sync_mailbox(mailbox: Mailbox) -> int:
    """Read one mailbox; returns how many messages were stored. What fails is said on the mailbox."""
    begun = timezone.now()
    try:
        session = connect(imap_account(mailbox))
        with session.closing_on_error():
            stored = read_folders(mailbox, session)
            stays = _is_active(mailbox) and WATCH.adopt(mailbox, session)
            if not stays:
                session.close()
    except MailboxTrouble as error:
        _trouble(mailbox, error)
        return 0
    _done(mailbox, begun)
    return stored


def _is_active(mailbox: Mailbox) -> bool:
    """Whether an answer may come any time: something was sent lately. A sandbox is polled all the time."""
    lately = timezone.now() - ACTIVE
    return not mailbox.is_sandbox and mailbox.last_sent_at is not None and mailbox.last_sent_at > lately


def read_folders(mailbox: Mailbox, session: Session) -> int:
    """Everything that a visit does in the mailbox; returns how many messages were stored."""
    stored = 0
    for folder, state in _grown(mailbox, session):
        if folder.role == Role.SENT:
            read_sent(mailbox, session, folder, state)
        else:
            stored += _sync_folder(mailbox, session, folder)
    return stored


def _done(mailbox: Mailbox, begun: datetime) -> None:
    """`begun` and not now: what was said to be new meanwhile is looked at again."""
    ours = Mailbox.objects.filter(pk=mailbox.pk)
    ours.update(synced_at=begun, sent_read_at=begun, reading_until=None, read_failures=0)
    if mailbox.problem and mailbox.problem.startswith(READING):
        mailbox.problem = None
        mailbox.save(update_fields=["problem"])
    scheduled = Message.objects.filter(mailbox=mailbox, delivery=Delivery.SCHEDULED, due_at__lte=begun)
    if scheduled.exists():
        bells.ring("send")


def _trouble(mailbox: Mailbox, error: MailboxTrouble) -> None:
    now = timezone.now()
    wait = min(LONGEST_PAUSE, POLL * 2 ** min(mailbox.read_failures, 8) / 2)
    if isinstance(error, FolderGone):
        Folder.objects.filter(mailbox=mailbox).update(listed_at=None)
        wait = timedelta(seconds=1)
    mailbox.problem = f"{READING}{error}"
    mailbox.synced_at = now
    mailbox.read_failures = min(mailbox.read_failures + 1, 20)
    mailbox.reading_until = max(now + wait, error.until) if isinstance(error, Throttled) else now + wait
    if isinstance(error, AuthRefused):
        mailbox.health = Health.BROKEN
    mailbox.save(update_fields=["problem", "synced_at", "read_failures", "reading_until", "health"])


def _grown(mailbox: Mailbox, session: Session) -> list[tuple[Folder, State | None]]:
    """The folders in which there may be something new, inbox first; their state where it is known already."""
    known = list(mailbox.folders.filter(listed_at__gt=timezone.now() - RELIST))
    read = [folder for folder in known if folder.synced_at is not None]
    states = session.statuses([folder.name for folder in read]) if read else None
    if states is None or any(folder.name not in states for folder in read):
        return [(folder, None) for folder in _listed(mailbox, session)]
    pairs = [(folder, states[folder.name]) for folder in read]
    grown: list[tuple[Folder, State | None]] = [pair for pair in pairs if not _is_read(*pair)]
    grown += [(folder, None) for folder in known if folder.synced_at is None]  # a visit died before it
    return sorted(grown, key=lambda pair: ORDER.index(pair[0].role))


def _is_read(folder: Folder, state: State) -> bool:
    """Nothing new; a Sent folder is looked into as long as mail of ours is missed in it."""
    same = folder.uidvalidity == state.uidvalidity and state.uidnext is not None
    if not same or (state.uidnext or 0) - 1 > folder.last_uid:
        return False
    return folder.role != Role.SENT or not missed(folder.mailbox).exists()


def _listed(mailbox: Mailbox, session: Session) -> list[Folder]:
    """The folders as the server names them now."""
    now = timezone.now()
    return [_row(mailbox, place, now) for place in session.folders()]


def _row(mailbox: Mailbox, place: folders.Folder, now: datetime) -> Folder:
    values = {"role": place.role.value, "listed_at": now}
    return Folder.objects.update_or_create(mailbox=mailbox, name=place.name, defaults=values)[0]


def _sync_folder(mailbox: Mailbox, session: Session, folder: Folder) -> int:
    state = session.state(folders.Folder(folder.name, Role(folder.role)))
    if folder.uidvalidity != state.uidvalidity:
        folder.uidvalidity, folder.last_uid, folder.synced_at = state.uidvalidity, 0, None
    if folder.synced_at is not None:
        uids = session.new_uids(folder.last_uid)
    else:  # a first visit that was cut off goes on where it was
        uids = [uid for uid in session.uids_since(_oldest(mailbox)) if uid > folder.last_uid]
    stored = 0
    senders = Senders(mailbox)
    for rows in session.header_batches(uids):
        stored += _take_in(folder, rows, arrived(senders, session, rows))
    folder.last_uid = max([folder.last_uid, *uids[-1:], (state.uidnext or 1) - 1])
    folder.synced_at = timezone.now()
    folder.save(update_fields=["uidvalidity", "last_uid", "synced_at"])
    return stored


def _oldest(mailbox: Mailbox) -> date:
    """The day before the mailbox's first thread: nothing older can answer us."""
    first = Thread.objects.filter(mailbox=mailbox).order_by("created_at").first()
    return ((first.created_at if first else timezone.now()) - timedelta(days=1)).date()


def _take_in(folder: Folder, rows: list[HeaderRow], ours: list[Arrived]) -> int:
    """Store the rows' messages that are ours, and how far the folder has been read, in one commit."""
    with transaction.atomic():
        stored = store(folder.mailbox, ours)
        if rows:
            last = max(row.uid for row in rows)
            Folder.objects.filter(pk=folder.pk).update(last_uid=last, uidvalidity=folder.uidvalidity)
        if stored:
            bells.ring("react")
    return stored
