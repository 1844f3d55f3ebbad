"""Sends what is scheduled, exactly once: claim in one statement, act outside any transaction, settle.

    scheduled -> sending -> sent | failed | scheduled (deferred) | uncertain

The claim checks everything that may forbid the mail in the statement that takes it: suppression of the
address and of its domain, the workspace's pause switch, the mailbox's health, cap and gap, the campaign's
state, and that the approval still stands. A claim whose lease ended is UNCERTAIN and never claimed again.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from audit.actors import SYSTEM
from campaigns.approval import fingerprint
from campaigns.errors import MovedMeanwhile
from campaigns.models import Draft, Enrollment, Stage
from campaigns.reactions import next_step_at
from campaigns.stages import move
from leads.actions import suppress_index
from leads.models import Reason
from mailbox.accounts import smtp_account
from mailbox.models import Delivery, Health, Mailbox, Message
from mailbox.smtp import Envelope, Line, send
from mailbox.verdicts import About, Accepted, Deferred, Outcome, Refused, Uncertain

SLICE_SECONDS = 20.0
LEASE = timedelta(minutes=15)  # longer than the DATA timeout of RFC 5321, 4.5.3.2.6
MOST_ATTEMPTS = 8

FORBIDDEN = """
    EXISTS (SELECT 1 FROM suppressions s WHERE (NOT s.covers_domain AND s.index = m.recipient_index)
            OR (s.covers_domain AND s.index = m.recipient_domain_index))
"""
CLAIM = f"""
    WITH full_today AS (
        SELECT c.id FROM campaigns c
        WHERE c.status = 'running' AND c.daily_cap <= (
            SELECT count(*) FROM messages t JOIN drafts d ON d.message_id = t.id
            JOIN enrollments e ON e.id = d.enrollment_id
            WHERE e.campaign_id = c.id AND t.delivery IN ('sent', 'sending', 'uncertain')
              AND t.at >= date_trunc('day', now()))
    ), chosen AS (
        SELECT m.id, m.mailbox_id
        FROM messages m
        JOIN mailboxes b ON b.id = m.mailbox_id
        LEFT JOIN drafts d ON d.message_id = m.id
        LEFT JOIN enrollments e ON e.id = d.enrollment_id
        LEFT JOIN campaigns c ON c.id = e.campaign_id
        WHERE m.delivery = 'scheduled' AND m.due_at <= now() AND m.mailbox_id = %(mailbox)s
          AND b.health = 'working'
          AND NOT EXISTS (SELECT 1 FROM sending_switch WHERE is_paused)
          AND NOT {FORBIDDEN}
          AND (b.last_sent_at IS NULL OR b.last_sent_at <= now() - make_interval(secs => b.gap_seconds))
          AND (SELECT count(*) FROM messages t WHERE t.mailbox_id = b.id AND t.direction = 'out'
               AND t.delivery IN ('sent', 'sending', 'uncertain')
               AND t.at >= date_trunc('day', now())) < b.daily_cap
          AND (d.id IS NULL OR (d.verdict = 'approved' AND d.approved_hash = m.approved_hash
               AND e.stage = 'scheduled' AND c.status = 'running'
               AND c.id NOT IN (SELECT id FROM full_today)))
        ORDER BY m.due_at
        LIMIT 1
        FOR UPDATE OF m, b SKIP LOCKED
    ), spaced AS (
        UPDATE mailboxes b SET last_sent_at = now() FROM chosen WHERE b.id = chosen.mailbox_id
    )
    UPDATE messages m
    SET delivery = 'sending', attempts = m.attempts + 1, at = now(),
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM chosen WHERE m.id = chosen.id
    RETURNING m.id
"""  # noqa: S608 - built from constants of this module
WITHDRAW = f"""
    UPDATE messages m SET delivery = 'cancelled'
    WHERE m.delivery = 'scheduled' AND {FORBIDDEN} RETURNING m.id
"""  # noqa: S608 - built from constants of this module


def send_slice() -> datetime | None:
    """Some seconds of sending for the bound workspace; the time of the next mail, if there is one."""
    name_lost_claims()
    withdraw_suppressed()
    until = time.monotonic() + SLICE_SECONDS
    for mailbox in Mailbox.objects.filter(health=Health.WORKING, pk__in=_due_mailboxes()):
        send_from(mailbox, until)
    return _next_due()


def _due_mailboxes() -> list[UUID]:
    due = Message.objects.filter(delivery=Delivery.SCHEDULED, due_at__lte=timezone.now())
    return list(due.values_list("mailbox_id", flat=True).distinct())


def _next_due() -> datetime | None:
    waiting = Message.objects.filter(delivery=Delivery.SCHEDULED, mailbox__health=Health.WORKING)
    first = waiting.order_by("due_at").select_related("mailbox").first()
    if first is None or first.due_at is None:
        return None
    mailbox = first.mailbox
    free_at = timezone.now()
    if mailbox.last_sent_at is not None:
        free_at = mailbox.last_sent_at + timedelta(seconds=mailbox.gap_seconds)
    return max(first.due_at, free_at, timezone.now() + timedelta(seconds=1 if mailbox.gap_seconds else 0))


def send_from(mailbox: Mailbox, until: float) -> None:
    """Send this mailbox's due mail over one connection, one claim at a time."""
    with Line(smtp_account(mailbox)) as line:
        while time.monotonic() < until:
            message = claim(mailbox)
            if message is None:
                return
            outcome = _deliver(line, message)
            settle(message, outcome)
            if isinstance(outcome, (Refused, Deferred)) and outcome.about not in {
                About.RECIPIENT,
                About.CONTENT,
            }:
                return


def claim(mailbox: Mailbox) -> Message | None:
    """Take the mailbox's next due message, or None when nothing may leave now."""
    with connections["default"].cursor() as cursor:
        cursor.execute(CLAIM, {"mailbox": mailbox.pk, "lease": LEASE.total_seconds()})
        found = cursor.fetchone()
    if found is None:
        return None
    return Message.objects.select_related("mailbox", "thread__lead").get(pk=found[0])


def _deliver(line: Line, message: Message) -> Outcome:
    """Hand the approved bytes over, if they are still what was approved."""
    recipient, sender = str(message.thread.lead.profile["email"]), str(message.mailbox.address)
    draft = Draft.objects.filter(message=message).first()
    if draft is not None:
        approved = fingerprint(draft.subject, draft.body, recipient, sender)
        if bytes(message.approved_hash or b"") != approved or message.raw is None:
            return Refused("The text is not the one that was approved.", None, About.CONTENT)
    return send(line, Envelope(sender, recipient, message.raw))


@transaction.atomic
def settle(message: Message, outcome: Outcome) -> None:
    """Write what happened to a claimed message."""
    enrollment = _enrollment(message)
    if isinstance(outcome, Accepted):
        _settle(message, Delivery.SENT, outcome.text)
        _move(enrollment, Stage.SENT, due_at=next_step_at(enrollment) if enrollment else None)
    elif isinstance(outcome, Uncertain):
        _settle(message, Delivery.UNCERTAIN, outcome.text)
        _move(enrollment, Stage.UNCERTAIN)
    elif isinstance(outcome, Deferred) and not _is_worn_out(message, outcome):
        wait_for = timedelta(seconds=outcome.wait or 60 * 2**message.attempts)
        _settle(message, Delivery.SCHEDULED, outcome.text, due_at=timezone.now() + wait_for)
        _mailbox_trouble(message.mailbox, outcome)
        _move(enrollment, Stage.SCHEDULED)
    elif isinstance(outcome, Refused) and outcome.about not in {About.RECIPIENT, About.CONTENT}:
        _settle(message, Delivery.SCHEDULED, outcome.text, due_at=timezone.now())
        _mailbox_trouble(message.mailbox, outcome)
        _move(enrollment, Stage.SCHEDULED)
    else:
        _failed(message, enrollment, outcome)


def _is_worn_out(message: Message, outcome: Deferred) -> bool:
    """A recipient's server that says "later" for days will not say yes; a throttled mailbox just waits."""
    return outcome.about in {About.RECIPIENT, About.CONTENT} and message.attempts >= MOST_ATTEMPTS


def _failed(message: Message, enrollment: Enrollment | None, outcome: Refused | Deferred) -> None:
    _settle(message, Delivery.FAILED, outcome.text)
    if outcome.about is About.RECIPIENT and isinstance(outcome, Refused) and message.recipient_index:
        suppress_index(bytes(message.recipient_index), Reason.BOUNCE, by=SYSTEM)
        _move(enrollment, Stage.STOPPED, stop_reason="bounced", problem=outcome.text[:300])
    else:
        _move(enrollment, Stage.FAILED, problem=outcome.text[:300])


def _settle(message: Message, delivery: Delivery, answer: str, **changes: datetime) -> None:
    message.delivery, message.answer, message.lease_until = delivery, answer, None
    for name, value in changes.items():
        setattr(message, name, value)
    message.save(update_fields=["delivery", "answer", "lease_until", *changes])


def _mailbox_trouble(mailbox: Mailbox, outcome: Refused | Deferred) -> None:
    """The server objects to the mailbox and not to the mail: it waits, and a person is told why."""
    mailbox.problem = outcome.text
    if isinstance(outcome, Refused):
        mailbox.health = Health.BROKEN
    mailbox.save(update_fields=["problem", "health"])


def _enrollment(message: Message) -> Enrollment | None:
    draft = Draft.objects.select_related("enrollment").filter(message=message).first()
    return draft.enrollment if draft else None


def _move(enrollment: Enrollment | None, to: Stage, **changes: Any) -> None:
    """Keep the enrollment in step with its message; one that was stopped meanwhile stays stopped."""
    if enrollment is None or enrollment.stage == Stage.STOPPED:
        return
    if enrollment.stage == Stage.SCHEDULED and to != Stage.SCHEDULED:
        _try_move(enrollment, Stage.SENDING)
    if enrollment.stage != to:
        _try_move(enrollment, to, **changes)


def _try_move(enrollment: Enrollment, to: Stage, **changes: Any) -> None:
    try:
        move(enrollment, to, **changes)
    except MovedMeanwhile:
        enrollment.refresh_from_db()


def name_lost_claims() -> int:
    """A claim whose lease ended may have sent its mail or not: it is UNCERTAIN, and is not sent again."""
    lost = Message.objects.filter(delivery=Delivery.SENDING, lease_until__lt=timezone.now())
    named = 0
    for message in lost:
        with transaction.atomic():
            was = Q(pk=message.pk, delivery=Delivery.SENDING, lease_until=message.lease_until)
            named += Message.objects.filter(was).update(delivery=Delivery.UNCERTAIN, lease_until=None)
            _move(_enrollment(message), Stage.UNCERTAIN)
    return named


def withdraw_suppressed() -> int:
    """Scheduled mail to a suppressed address or domain is cancelled, and its lead stopped."""
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(WITHDRAW)
        ids = [uid for (uid,) in cursor.fetchall()]
        for draft in Draft.objects.select_related("enrollment").filter(message__in=ids):
            _move(draft.enrollment, Stage.STOPPED, stop_reason="suppressed")
    return len(ids)
