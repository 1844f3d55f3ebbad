"""Received messages as rows: sealed, read once, and each stored once whatever the server numbers it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from mailbox.intents import intent_of
from mailbox.matching import IDS, Arrived
from mailbox.models import Delivery, Direction, Mailbox, Message, Thread
from mailbox.triage import Kind, Triage, triage

HARMLESS = {"auth-failure", "not-spam"}  # feedback types of RFC 5965 and RFC 6591


def store(mailbox: Mailbox, arrived: Sequence[Arrived]) -> int:
    """Store what is not there yet; returns how many. The caller's transaction holds them together."""
    ids = {each.row.uid: own_id(each) for each in arrived}
    there = Message.objects.filter(mailbox=mailbox, direction=Direction.IN, message_id__in=ids.values())
    seen = set(there.values_list("message_id", flat=True))
    new = []
    for each in arrived:
        if ids[each.row.uid] not in seen:
            seen.add(ids[each.row.uid])
            new.append(each)
    answered = _latest_of_ours({each.thread.pk for each in new})
    fresh = [_row(mailbox, each, ids[each.row.uid], answered.get(each.thread.pk)) for each in new]
    Message.objects.bulk_create(fresh, ignore_conflicts=True)  # another visit may have been faster
    threads = {message.thread_id for message in fresh}
    Thread.objects.filter(pk__in=threads).update(is_unread=True, last_at=timezone.now())
    return len(fresh)


def own_id(arrived: Arrived) -> str:
    """Its Message-ID; of a message without one, a name made of its content."""
    ids = IDS.findall(arrived.row.fields.get("MESSAGE-ID", ""))
    return ids[0] if ids else f"<sha256.{hashlib.sha256(arrived.raw).hexdigest()}@missing>"


def _latest_of_ours(threads: set[UUID]) -> dict[UUID, Message]:
    """The latest mail that we sent in each of these threads."""
    ours = Message.objects.filter(thread__in=threads, direction=Direction.OUT, delivery=Delivery.SENT)
    latest = ours.order_by("thread_id", "-at").distinct("thread_id").only("thread_id", "body")
    return {message.thread_id: message for message in latest} if threads else {}


def _row(mailbox: Mailbox, arrived: Arrived, message_id: str, ours: Message | None) -> Message:
    read = arrived.read
    if read is None or read.kind not in (Kind.BOUNCE, Kind.COMPLAINT):  # a person's words are told from ours
        read = triage(arrived.raw, our_text=ours.body if ours else None)
    speaks = read.kind is Kind.REPLY and not read.opts_out and not read.unreadable
    intent = intent_of(read.visible_text) if speaks else None
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
        intent=intent or "",
        intent_by="rules" if intent else "",
    )


def _severity(read: Triage) -> str:
    """A complaint that is no person's (a failed DMARC check, a "not spam") is about the mailbox: policy."""
    if read.kind is Kind.COMPLAINT:
        return "policy" if read.reason in HARMLESS else ""
    return read.severity.value if read.severity else ""
