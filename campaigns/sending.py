"""Sends what is scheduled, exactly once: claim in one statement, act outside any transaction, settle.

    scheduled -> sending -> sent | failed | scheduled (deferred) | uncertain

The claim checks everything that may forbid the mail (`campaigns.claims`); what came of it is written by
`campaigns.settling`. A claim whose lease ended is UNCERTAIN and never claimed again: its mail is looked for
in Sent (`mailbox.filing`), and a person decides what is not found.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from functools import partial

from django.db.models import Min
from django.utils import timezone

from campaigns.approval import fingerprint
from campaigns.claims import FRESH, Claim, claim, name_lost_claims, reopen_windows, withdraw_suppressed
from campaigns.days import begin_days
from campaigns.settling import ABOUT_THE_MAIL, cannot_sign_in, settle
from mailbox.accounts import smtp_account
from mailbox.crew import share
from mailbox.models import Delivery, Health, Mailbox, Message
from mailbox.news import ask_to_read
from mailbox.queries import is_paused
from mailbox.smtp import Envelope, Line, send
from mailbox.trouble import MailboxTrouble
from mailbox.verdicts import About, Deferred, Outcome, Refused
from tenants import keys
from tenants.binding import current

SLICE_SECONDS = 20.0
HELD_SECONDS = 150.0
AT_ONCE = 8  # mailboxes that one slice sends from side by side
RETRY = timedelta(seconds=15)


def send_slice() -> datetime | None:
    """Some seconds of sending for the bound workspace; the time of the next mail, if there is one."""
    name_lost_claims()
    withdraw_suppressed()
    reopen_windows()
    begin_days()
    if is_paused():  # resuming rings the bell
        return None
    now = timezone.now()
    ready = [one.mailbox for one in _waiting() if one.ready_at(now) <= now]
    unfinished: list[Mailbox] = []
    share(partial(send_from, until=time.monotonic() + SLICE_SECONDS, rest=unfinished), ready, at_most=AT_ONCE)
    return timezone.now() if unfinished else _next_due()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A working mailbox with scheduled mail, and when the first of it is due."""

    mailbox: Mailbox
    first_due: datetime

    def ready_at(self, now: datetime) -> datetime:
        """The first moment at which its mail may be claimed."""
        mailbox = self.mailbox
        moments = [self.first_due, mailbox.next_at or now]
        if not mailbox.has_room(now.date()):
            moments.append(datetime.combine(now.date() + timedelta(days=1), clock.min, UTC))
        if not mailbox.was_read_lately(now - FRESH):
            moments.append(now + RETRY)
        return max(moments)


def _waiting() -> list[Waiting]:
    scheduled = Message.objects.filter(delivery=Delivery.SCHEDULED, mailbox__health=Health.WORKING)
    first_due = dict(scheduled.order_by().values_list("mailbox").annotate(Min("due_at")))
    return [Waiting(mailbox, first_due[mailbox.pk]) for mailbox in Mailbox.objects.filter(pk__in=first_due)]


def _next_due() -> datetime | None:
    """What is due and yet was not claimed is held by something that passes: we look again before long."""
    now = timezone.now()
    waiting = _waiting()
    for one in waiting:
        if one.first_due <= now + RETRY and not one.mailbox.was_read_lately(now - FRESH):
            ask_to_read(one.mailbox)
    soonest = min((one.ready_at(now) for one in waiting), default=None)
    return soonest if soonest is None or soonest > now else now + RETRY


def send_from(mailbox: Mailbox, until: float, rest: list[Mailbox]) -> None:
    """Send this mailbox's due mail over one connection, one claim at a time; into `rest` if time was up."""
    try:
        account = smtp_account(mailbox)
    except MailboxTrouble as error:  # a consent that has ended; nothing was claimed
        cannot_sign_in(mailbox, error)
        return
    with Line(account) as line:
        while time.monotonic() < until:
            keys.hold(current().id, HELD_SECONDS)  # what came of a mail has to be written down
            taken = claim(mailbox)
            if taken is None:
                return
            outcome = deliver(line, taken)
            settle(taken.message, taken.enrollment, outcome)
            if isinstance(outcome, (Refused, Deferred)) and outcome.about not in ABOUT_THE_MAIL:
                return
        rest.append(mailbox)


def deliver(line: Line, taken: Claim) -> Outcome:
    """Hand the approved bytes over, if they are still what was approved and the claim still holds."""
    message = taken.message
    recipient, sender = str(message.thread.lead.profile["email"]), str(message.mailbox.address)
    if taken.draft is not None:
        approved = fingerprint(taken.draft.subject, taken.draft.body, recipient, sender)
        if bytes(message.approved_hash or b"") != approved:
            return Refused("The text is not the one that was approved.", None, About.CONTENT)
    if message.raw is None:
        return Refused("The mail has no content.", None, About.CONTENT)
    before = taken.hand_over_before.timestamp()
    return send(line, Envelope(sender, recipient, message.raw, before))
