"""Taking the next mail that may leave: one statement that checks everything that may forbid it.

Suppression of the address and of its domain, the workspace's pause switch, the mailbox's health, its gap, its
cap with the ramp-up, that its Sent folder was looked through lately, the sending window, the campaign's state
and cap, and that the approval still stands. The counters are on the locked rows, so that two workers cannot
both take the last place of a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Draft, Enrollment, Stage
from campaigns.schedule import window
from campaigns.settling import take_along
from mailbox.models import Delivery, Mailbox, Message

LEASE = timedelta(minutes=15)  # longer than the DATA timeout of RFC 5321, 4.5.3.2.6
HANDOVER = timedelta(minutes=4)  # how long after its claim a mail may still be handed over
FRESH = timedelta(minutes=30)  # how long a look through Sent counts

FORBIDDEN = """
    EXISTS (SELECT 1 FROM suppressions s WHERE (NOT s.covers_domain AND s.index = m.recipient_index)
            OR (s.covers_domain AND s.index = m.recipient_domain_index))
"""
CAP_TODAY = """
    LEAST(b.daily_cap, CASE WHEN b.ramp_began IS NULL THEN b.daily_cap
          ELSE b.ramp_first + b.ramp_step * GREATEST(0, current_date - b.ramp_began) END)
"""
# A campaign's day ends at midnight where its sender is: `campaigns.days` begins the next one.
ROOM_TODAY = "(c.claimed_count < c.daily_cap AND (c.day_ends_at IS NULL OR c.day_ends_at > now()))"
CLAIM = f"""
    WITH chosen AS (
        SELECT m.id, m.mailbox_id, c.id AS campaign_id
        FROM messages m
        JOIN mailboxes b ON b.id = m.mailbox_id
        LEFT JOIN drafts d ON d.message_id = m.id
        LEFT JOIN enrollments e ON e.id = d.enrollment_id
        LEFT JOIN campaigns c ON c.id = e.campaign_id
        WHERE m.delivery = 'scheduled' AND m.due_at <= now() AND m.mailbox_id = %(mailbox)s
          AND (m.closes_at IS NULL OR m.closes_at > now())
          AND m.filed_at IS NULL
          AND b.health = 'working'
          AND b.sent_read_at > now() - make_interval(secs => %(fresh)s)
          AND (b.next_at IS NULL OR b.next_at <= now())
          AND (b.claimed_on IS DISTINCT FROM current_date OR b.claimed_count < {CAP_TODAY})
          AND NOT EXISTS (SELECT 1 FROM sending_switch WHERE is_paused)
          AND NOT {FORBIDDEN}
          AND (d.id IS NULL OR (d.verdict = 'approved' AND d.approved_hash = m.approved_hash
               AND e.stage = 'scheduled' AND c.status = 'running'
               AND {ROOM_TODAY}))
        ORDER BY m.due_at
        LIMIT 1
        FOR UPDATE OF m, b SKIP LOCKED
    ), counted AS (
        UPDATE campaigns c SET claimed_count = c.claimed_count + 1
        FROM chosen
        WHERE c.id = chosen.campaign_id AND c.status = 'running' AND {ROOM_TODAY}
        RETURNING c.id
    ), allowed AS (
        SELECT * FROM chosen WHERE campaign_id IS NULL OR EXISTS (SELECT 1 FROM counted)
    ), spaced AS (
        UPDATE mailboxes b
        SET last_sent_at = now(),
            next_at = now() + make_interval(secs => b.gap_seconds * (1 + random() / 2)),
            claimed_count = CASE WHEN b.claimed_on = current_date THEN b.claimed_count + 1 ELSE 1 END,
            claimed_on = current_date
        FROM allowed WHERE b.id = allowed.mailbox_id
    )
    UPDATE messages m
    SET delivery = 'sending', attempts = m.attempts + 1, at = now(), looks = 0, looked_at = NULL,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM allowed WHERE m.id = allowed.id
    RETURNING m.id
"""  # noqa: S608 - built from constants of this module
WITHDRAW = f"""
    UPDATE messages m SET delivery = 'cancelled'
    WHERE m.delivery = 'scheduled' AND {FORBIDDEN} RETURNING m.id
"""  # noqa: S608 - built from constants of this module


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send, with what it belongs to, until `hand_over_before`."""

    message: Message
    draft: Draft | None
    hand_over_before: datetime

    @property
    def enrollment(self) -> Enrollment | None:
        return self.draft.enrollment if self.draft else None


def claim(mailbox: Mailbox) -> Claim | None:
    """Take the mailbox's next due message, or None when nothing may leave now."""
    before = timezone.now() + HANDOVER  # by our own clock, from before the claim: a sleep in it counts
    periods = {"lease": LEASE.total_seconds(), "fresh": FRESH.total_seconds()}
    with connections["default"].cursor() as cursor:
        cursor.execute(CLAIM, {"mailbox": mailbox.pk, **periods})
        found = cursor.fetchone()
    if found is None:
        return None
    related = ("mailbox", "thread__lead", "draft__enrollment__campaign")
    message = Message.objects.select_related(*related).get(pk=found[0])
    return Claim(message, getattr(message, "draft", None), before)


def name_lost_claims() -> int:
    """A claim whose lease ended may have sent its mail or not: it is UNCERTAIN, and is not sent again."""
    lost = Message.objects.filter(delivery=Delivery.SENDING, lease_until__lt=timezone.now())
    named = 0
    for message in lost.select_related("draft__enrollment"):
        with transaction.atomic():
            was = Q(pk=message.pk, delivery=Delivery.SENDING, lease_until=message.lease_until)
            changed = Message.objects.filter(was).update(delivery=Delivery.UNCERTAIN, lease_until=None)
            if changed:
                draft = getattr(message, "draft", None)
                take_along(draft.enrollment if draft else None, Stage.UNCERTAIN)
            named += changed
    return named


def withdraw_suppressed() -> int:
    """Scheduled mail to a suppressed address or domain is cancelled, and its lead stopped."""
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(WITHDRAW)
        ids = [uid for (uid,) in cursor.fetchall()]
        for draft in Draft.objects.select_related("enrollment").filter(message__in=ids):
            take_along(draft.enrollment, Stage.STOPPED, stop_reason="suppressed")
    return len(ids)


def reopen_windows() -> int:
    """Mail whose sending window closed before its turn came waits for the next one."""
    missed = Message.objects.filter(delivery=Delivery.SCHEDULED, closes_at__lte=timezone.now())
    moved = 0
    for message in missed.select_related("draft__enrollment__campaign", "thread__lead")[:500]:
        draft = getattr(message, "draft", None)
        opens, closes = _next_window(draft, message.thread.lead.profile)
        still = Message.objects.filter(pk=message.pk, delivery=Delivery.SCHEDULED)
        moved += still.update(due_at=opens, closes_at=closes)
    return moved


def _next_window(draft: Draft | None, profile: dict[str, Any]) -> tuple[datetime, datetime | None]:
    schedule = draft.enrollment.campaign.schedule if draft else {}
    return window(timezone.now(), schedule, profile.get("timezone"))
