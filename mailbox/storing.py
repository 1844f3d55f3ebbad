"""Received messages as rows: sealed, read once, and each stored once whatever the server numbers it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.utils import timezone

from mailbox.matching import IDS, Arrived
from mailbox.models import Delivery, Direction, Mailbox, Message, Thread
from mailbox.triage import Kind, Triage, triage

HARMLESS = {"auth-failure", "not-spam"}  # feedback types of RFC 5965 and RFC 6591


def store(mailbox: Mailbox, arrived: Sequence[Arrived]) -> int:
    """Store what is not there yet; returns how many. The caller's transaction holds them together."""
    ids = {each.row.uid: own_id(each) for each in arrived}
    there = Message.objects.filter(mailbox=mailbox, direction=Direction.IN, message_id__in=ids.values())
    seen = set(there.values_list("message_id", flat=True))
    fresh = []
    for each in arrived:
        if ids[each.row.uid] not in seen:
            seen.add(ids[each.row.uid])
            fresh.append(_row(mailbox, each, ids[each.row.uid]))
    Message.objects.bulk_create(fresh, ignore_conflicts=True)  # another visit may have been faster
    threads = {message.thread_id for message in fresh}
    Thread.objects.filter(pk__in=threads).update(is_unread=True, last_at=timezone.now())
    return len(fresh)


def own_id(arrived: Arrived) -> str:
    """Its Message-ID; of a message without one, a name made of its content."""
    ids = IDS.findall(arrived.row.fields.get("MESSAGE-ID", ""))
    return ids[0] if ids else f"<sha256.{hashlib.sha256(arrived.raw).hexdigest()}@missing>"


def _row(mailbox: Mailbox, arrived: Arrived, message_id: str) -> Message:
    ours = Message.objects.filter(thread=arrived.thread, direction=Direction.OUT, delivery=Delivery.SENT)
    last = ours.order_by("-at").first()
    read = triage(arrived.raw, our_text=last.body if last else None)
    return Message(
        thread=arrived.thread,
        mailbox=mailbox,
        direction=Direction.IN,
        delivery=Delivery.RECEIVED,
        message_id=message_id,
        subject=read.subject,
        body=read.visible_text,
        raw=arrived.raw,
        kind=read.kind.value,
        severity=_severity(read),
        returns_on=read.returns_on,
        opts_out=read.opts_out,
        is_unreadable=read.unreadable,
    )


def _severity(read: Triage) -> str:
    """A complaint that is no person's (a failed DMARC check, a "not spam") is about the mailbox: policy."""
    if read.kind is Kind.COMPLAINT:
        return "policy" if read.reason in HARMLESS else ""
    return read.severity.value if read.severity else ""
