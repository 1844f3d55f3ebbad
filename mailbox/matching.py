"""Which of the messages in a folder are ours: by the ids that they answer, then by who writes.

A batch of header rows costs two or three questions to the database, however many rows it has. Delivery
reports are the exception that is read before it is known to be ours: often only their body names the mail.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.db import connections
from django.utils import timezone

from keychain.crypto.blind import BlindIndex
from keychain.index import blind_index
from mailbox.imap import Session
from mailbox.imap_rows import HeaderRow
from mailbox.models import Mailbox, Thread
from mailbox.triage import Triage, triage
from paitho.lib.text import NotAnAddress

LIMIT = 256 * 1024  # bytes of a body that are read
SLACK = timedelta(days=1)  # clocks differ
IDS = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,996}>")  # the database takes no NUL
ADDRESS = re.compile(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+")
ANSWERS = ("IN-REPLY-TO", "REFERENCES", "X-MICROSOFT-ORIGINAL-MESSAGE-ID")
REPORTER = re.compile("multipart/report|mailer-daemon|postmaster|bounce|delivery")
# Arrays and not IN, and one text where there are thousands: a statement takes longer to write than to run.
BY_ID = """
    WITH wanted AS (SELECT unnest(string_to_array(%(wanted)s, ' ')) AS id)
    SELECT m.message_id, m.thread_id FROM wanted w JOIN messages m ON m.message_id = w.id
    WHERE m.direction = 'out'
    UNION ALL
    SELECT a.message_id, m.thread_id FROM wanted w JOIN message_aliases a ON a.message_id = w.id
    JOIN messages m ON m.id = a.original_id
"""
BY_DOMAIN = """
    SELECT DISTINCT l.domain_index FROM leads l JOIN threads t ON t.lead_id = l.id
    WHERE t.mailbox_id = %(mailbox)s AND l.domain_index = ANY(%(wanted)s)
"""
BY_SENDER = """
    SELECT t.id FROM threads t JOIN leads l ON l.id = t.lead_id
    WHERE t.mailbox_id = %(mailbox)s AND l.email_index = ANY(%(wanted)s)
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that belongs to one of our threads; `read` where it had to be read to find that out."""

    row: HeaderRow
    thread: Thread
    raw: bytes
    read: Triage | None = None


def arrived(senders: Senders, session: Session, rows: Sequence[HeaderRow]) -> list[Arrived]:
    """Those of the rows that belong to our threads, with their bodies."""
    reports = [row for row in rows if _looks_like_a_report(row.fields)]
    found = _threads(senders, rows, {row.uid for row in reports})
    wanted = [row for row in rows if row.uid in found]
    wanted += [row for row in reports if row.uid not in found]
    bodies = session.bodies(wanted, LIMIT)
    ours = []
    for row in wanted:
        raw = bodies.get(row.uid)
        if raw is None:  # deleted meanwhile
            continue
        if row.uid in found:
            ours.append(Arrived(row, found[row.uid], raw))
        elif report := _by_report(senders.mailbox, row, raw):
            ours.append(report)
    return ours


def _threads(senders: Senders, rows: Sequence[HeaderRow], reports: Container[int]) -> dict[int, Thread]:
    """By UID: the thread that a mail answers, else that of its writer."""
    answered = {row.uid: ids for row in rows if (ids := answered_ids(row.fields))}
    by_id = threads_by_id([each for ids in answered.values() for each in ids])
    found: dict[int, Thread] = {}
    for uid, ids in answered.items() if by_id else ():
        thread = next((by_id[each] for each in ids if each in by_id), None)
        if thread is not None:
            found[uid] = thread
    rest = [row for row in rows if row.uid not in found and row.uid not in reports]
    return found | dict(senders.threads(rest))


def answered_ids(fields: Mapping[str, str]) -> list[str]:
    """The ids of the messages that this one answers or follows."""
    text = " ".join(fields[name] for name in ANSWERS if name in fields)
    return IDS.findall(text)[:100] if text else []


def _looks_like_a_report(fields: Mapping[str, str]) -> bool:
    text = f"{fields.get('CONTENT-TYPE', '')} {fields.get('FROM', '')}".lower()
    return REPORTER.search(text) is not None


def threads_by_id(ids: Sequence[str]) -> dict[str, Thread]:
    """The threads of our own mails among these ids, also by the ids that servers gave them instead."""
    if not ids:
        return {}
    with connections["default"].cursor() as cursor:
        cursor.execute(BY_ID, {"wanted": " ".join(set(ids))})  # an id holds no blank
        pairs = cursor.fetchall()
    threads = Thread.objects.select_related("lead").in_bulk({thread for _, thread in pairs})
    return {message_id: threads[thread] for message_id, thread in pairs}


class Senders:
    """Whom this mailbox has written to, as far as a visit has asked.

    A fingerprint is made of an address only where somebody in its domain was written to: most mail is from
    elsewhere, and a mailbox has far fewer domains than senders.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.domains: dict[str, bool] = {}

    def threads(self, rows: Sequence[HeaderRow]) -> Iterator[tuple[int, Thread]]:
        """Mail from somebody whom we wrote to, if it is not older than what we wrote."""
        addresses = {row.uid: address for row in rows if (address := _address_in(row.fields.get("FROM", "")))}
        self._learn({address.rpartition("@")[2] for address in addresses.values()})
        near = {uid: each for uid, each in addresses.items() if self.domains[each.rpartition("@")[2]]}
        if not near:
            return
        blind = blind_index()
        writers = {uid: index for uid, address in near.items() if (index := _index_of(address, blind))}
        ids = _selected(BY_SENDER, self.mailbox, set(writers.values()))
        threads = Thread.objects.filter(pk__in=ids).select_related("lead").order_by("last_at")
        latest = {bytes(thread.lead.email_index): thread for thread in threads}
        for row in rows:
            thread = latest.get(writers.get(row.uid, b""))
            if thread is not None and not _is_older(row.fields.get("DATE", ""), thread.created_at):
                yield row.uid, thread

    def _learn(self, domains: set[str]) -> None:
        """Ask of the domains that were not asked of yet, whether we wrote to anybody there."""
        new = domains - self.domains.keys()
        if not new:
            return
        blind = blind_index()
        indexes = {domain: index for domain in new if (index := _domain_index(domain, blind))}
        known = {bytes(index) for index in _selected(BY_DOMAIN, self.mailbox, set(indexes.values()))}
        self.domains |= {domain: indexes.get(domain) in known for domain in new}


def _selected(statement: str, mailbox: Mailbox, wanted: set[bytes]) -> list[Any]:
    if not wanted:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, {"mailbox": mailbox.pk, "wanted": list(wanted)})
        return [value for (value,) in cursor.fetchall()]


def _address_in(sender: str) -> str:
    """The last address in a From field, as it is written; the empty string for none."""
    if "@" not in sender:
        return ""
    found = ADDRESS.findall(sender[:2000])
    return found[-1].lower() if found else ""


def _domain_index(domain: str, blind: BlindIndex) -> bytes | None:
    try:
        return bytes(blind.domain(domain))
    except NotAnAddress:
        return None


def _index_of(address: str, blind: BlindIndex | None = None) -> bytes | None:
    try:
        return bytes((blind or blind_index()).email(address))
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


def _by_report(mailbox: Mailbox, row: HeaderRow, raw: bytes) -> Arrived | None:
    """A report on one of our mails, which it names by its id, else by the address that failed."""
    read = triage(raw)
    if read.message_id and (found := threads_by_id([read.message_id])):
        return Arrived(row, found[read.message_id], raw, read)
    index = _index_of(address) if (address := _address_in(read.recipient or "")) else None
    if index is None:
        return None
    threads = Thread.objects.filter(mailbox=mailbox, lead__email_index=index).select_related("lead")
    thread = threads.order_by("-last_at").first()
    return Arrived(row, thread, raw, read) if thread else None
