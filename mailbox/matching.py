"""Which of the messages in a folder are ours: by the ids that they answer, then by who writes.

A batch of header rows costs two questions to the database, however many rows it has. Delivery reports are
the exception that is read before it is known to be ours: often only their body names the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.db import connections
from django.utils import timezone

from keychain.crypto.blind import BlindIndex
from keychain.index import blind_index
from mailbox.imap import Session
from mailbox.imap_rows import HeaderRow
from mailbox.models import Mailbox, Thread
from mailbox.triage import triage
from paitho.lib.text import NotAnAddress

LIMIT = 256 * 1024  # bytes of a body that are read
SLACK = timedelta(days=1)  # clocks differ
IDS = re.compile(r"<[^<>\s]{1,996}>")
ADDRESS = re.compile(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+")
ANSWERS = ("IN-REPLY-TO", "REFERENCES", "X-MICROSOFT-ORIGINAL-MESSAGE-ID")
REPORTERS = ("multipart/report", "mailer-daemon", "postmaster", "bounce", "delivery")
# Arrays and not IN: a statement of a thousand parameters takes longer to write than to run.
BY_ID = """
    SELECT message_id, thread_id FROM messages WHERE direction = 'out' AND message_id = ANY(%(wanted)s)
    UNION ALL
    SELECT a.message_id, m.thread_id FROM message_aliases a JOIN messages m ON m.id = a.original_id
    WHERE a.message_id = ANY(%(wanted)s)
"""
BY_SENDER = """
    SELECT t.id FROM threads t JOIN leads l ON l.id = t.lead_id
    WHERE t.mailbox_id = %(mailbox)s AND l.email_index = ANY(%(wanted)s)
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that belongs to one of our threads."""

    row: HeaderRow
    thread: Thread
    raw: bytes


def arrived(mailbox: Mailbox, session: Session, rows: Sequence[HeaderRow]) -> list[Arrived]:
    """Those of the rows that belong to our threads, with their bodies."""
    found = {row.uid: thread for row, thread in _threads(mailbox, rows)}
    reports = {row.uid for row in rows if row.uid not in found and _looks_like_a_report(row.fields)}
    bodies = session.bodies([row for row in rows if row.uid in found or row.uid in reports], LIMIT)
    ours = []
    for row in rows:
        raw = bodies.get(row.uid)
        if raw is None:  # not ours, or deleted meanwhile
            continue
        thread = found.get(row.uid) or _by_report(mailbox, raw)
        if thread is not None:
            ours.append(Arrived(row, thread, raw))
    return ours


def _threads(mailbox: Mailbox, rows: Sequence[HeaderRow]) -> Iterable[tuple[HeaderRow, Thread]]:
    answered = {row.uid: answered_ids(row.fields) for row in rows}
    by_id = threads_by_id([each for ids in answered.values() for each in ids])
    rest = []
    for row in rows:
        thread = next((by_id[each] for each in answered[row.uid] if each in by_id), None)
        if thread is not None:
            yield row, thread
        elif not _looks_like_a_report(row.fields):
            rest.append(row)
    yield from _by_senders(mailbox, rest)


def answered_ids(fields: Mapping[str, str]) -> list[str]:
    """The ids of the messages that this one answers or follows."""
    text = " ".join(fields[name] for name in ANSWERS if name in fields)
    return IDS.findall(text)[:100] if text else []


def _looks_like_a_report(fields: Mapping[str, str]) -> bool:
    text = f"{fields.get('CONTENT-TYPE', '')} {fields.get('FROM', '')}".lower()
    return any(mark in text for mark in REPORTERS)


def threads_by_id(ids: Sequence[str]) -> dict[str, Thread]:
    """The threads of our own mails among these ids, also by the ids that servers gave them instead."""
    if not ids:
        return {}
    wanted = list(dict.fromkeys(ids))
    with connections["default"].cursor() as cursor:
        cursor.execute(BY_ID, {"wanted": wanted})
        pairs = cursor.fetchall()
    threads = Thread.objects.select_related("lead").in_bulk({thread for _, thread in pairs})
    return {message_id: threads[thread] for message_id, thread in pairs}


def _by_senders(mailbox: Mailbox, rows: Sequence[HeaderRow]) -> Iterable[tuple[HeaderRow, Thread]]:
    """Mail from somebody whom we wrote to, if it is not older than what we wrote."""
    blind, known = blind_index(), {}
    for sender in {row.fields.get("FROM", "") for row in rows}:
        if index := _index_of(sender, blind):
            known[sender] = index
    writers = {row.uid: known[row.fields["FROM"]] for row in rows if row.fields.get("FROM", "") in known}
    if not writers:
        return
    with connections["default"].cursor() as cursor:
        cursor.execute(BY_SENDER, {"mailbox": mailbox.pk, "wanted": list(set(known.values()))})
        ids = [thread for (thread,) in cursor.fetchall()]
    threads = Thread.objects.filter(pk__in=ids).select_related("lead").order_by("last_at")
    latest = {bytes(thread.lead.email_index): thread for thread in threads}
    for row in rows:
        thread = latest.get(writers.get(row.uid, b""))
        if thread is not None and not _is_older(row.fields.get("DATE", ""), thread.created_at):
            yield row, thread


def _index_of(sender: str, blind: BlindIndex | None = None) -> bytes | None:
    found = ADDRESS.findall(sender[:2000])
    if not found:
        return None
    try:
        return bytes((blind or blind_index()).email(found[-1]))
    except NotAnAddress:
        return None


def _is_older(written: str, begun: datetime) -> bool:
    """A date that cannot be read is no reason to pass a person's mail over."""
    try:
        when = parsedate_to_datetime(written[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    if timezone.is_naive(when):
        when = timezone.make_aware(when, UTC)
    return when < begun - SLACK


def _by_report(mailbox: Mailbox, raw: bytes) -> Thread | None:
    """The thread of the mail that a report is about: by its id, else by the address that failed."""
    read = triage(raw)
    if read.message_id and (found := threads_by_id([read.message_id])):
        return found[read.message_id]
    index = _index_of(read.recipient) if read.recipient else None
    if index is None:
        return None
    threads = Thread.objects.filter(mailbox=mailbox, lead__email_index=index)
    return threads.order_by("-last_at").first()
