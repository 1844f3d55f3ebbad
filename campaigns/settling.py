"""Writing what became of a claimed mail, and what that means for its mailbox and its lead.

    sending -> sent | failed | scheduled (deferred) | uncertain

A settlement counts only for the attempt that it is about: a worker that comes back late finds the row taken
on by others and changes nothing but what it alone knows, that the mail was accepted.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.actors import SYSTEM
from campaigns.models import Campaign, Enrollment, Stage
from campaigns.reactions import next_step_at
from leads.actions import suppress_index
from leads.models import Reason
from mailbox.models import Delivery, Health, Mailbox, Message
from mailbox.trouble import AuthRefused, MailboxTrouble
from mailbox.verdicts import About, Accepted, Deferred, Outcome, Refused, Uncertain

MOST_ATTEMPTS = 8
LONGEST_WAIT = 3600.0
GOING = (Delivery.SENDING, Delivery.UNCERTAIN)
ABOUT_THE_MAIL = frozenset({About.RECIPIENT, About.CONTENT})


@transaction.atomic
def settle(message: Message, enrollment: Enrollment | None, outcome: Outcome) -> bool:
    """Write what happened to a claimed message; False if the claim is not ours any more."""
    if not _is_ours(message, outcome):
        return False
    if isinstance(outcome, Accepted):
        _write(message, Delivery.SENT, outcome.text)
        take_along(enrollment, Stage.SENT, due_at=next_step_at(enrollment) if enrollment else None)
        _all_is_well(message.mailbox)
    elif isinstance(outcome, Uncertain):
        _write(message, Delivery.UNCERTAIN, outcome.text)
        take_along(enrollment, Stage.UNCERTAIN)
    elif outcome.about not in ABOUT_THE_MAIL:
        _write(message, Delivery.SCHEDULED, outcome.text, attempts=message.attempts - 1)
        _mailbox_trouble(message.mailbox, outcome)
        give_place_back(message.mailbox, enrollment)
    elif isinstance(outcome, Deferred) and message.attempts < MOST_ATTEMPTS:
        wait_for = timedelta(seconds=outcome.wait or 60 * 2**message.attempts)
        _write(message, Delivery.SCHEDULED, outcome.text, due_at=timezone.now() + wait_for)
        give_place_back(message.mailbox, enrollment)
    else:
        _failed(message, enrollment, outcome)
    return True


def _is_ours(message: Message, outcome: Outcome) -> bool:
    """Lock the row: is it still the attempt that we made? An accepted mail is sent regardless."""
    locked = Message.objects.select_for_update().filter(pk=message.pk)
    if isinstance(outcome, Accepted):
        return locked.exclude(delivery=Delivery.SENT).exists()
    return locked.filter(attempts=message.attempts, delivery__in=GOING).exists()


def _failed(message: Message, enrollment: Enrollment | None, outcome: Refused | Deferred) -> None:
    _write(message, Delivery.FAILED, outcome.text)
    if outcome.about is About.RECIPIENT and isinstance(outcome, Refused) and message.recipient_index:
        suppress_index(bytes(message.recipient_index), Reason.BOUNCE, by=SYSTEM)
        take_along(enrollment, Stage.STOPPED, stop_reason="bounced", problem=outcome.text[:300])
    else:
        take_along(enrollment, Stage.FAILED, problem=outcome.text[:300])


def _write(message: Message, delivery: Delivery, answer: str, **changes: object) -> None:
    message.delivery, message.answer, message.lease_until = delivery, answer, None
    for name, value in changes.items():
        setattr(message, name, value)
    message.save(update_fields=["delivery", "answer", "lease_until", *changes])


def _mailbox_trouble(mailbox: Mailbox, outcome: Refused | Deferred) -> None:
    """The server objects to the mailbox and not to the mail: the mailbox waits, and a person is told why.

    A limit passes by itself; a sign-in that is refused needs a person.
    """
    mailbox.problem = outcome.text
    mailbox.failures = min(mailbox.failures + 1, 20)
    asked = outcome.wait if isinstance(outcome, Deferred) else None
    seconds = asked or min(LONGEST_WAIT, 30 * 2.0 ** min(mailbox.failures, 10))
    mailbox.next_at = timezone.now() + timedelta(seconds=seconds)
    if isinstance(outcome, Refused) and outcome.about is not About.LIMIT:
        mailbox.health = Health.BROKEN
    mailbox.save(update_fields=["problem", "health", "failures", "next_at"])


def cannot_sign_in(mailbox: Mailbox, error: MailboxTrouble) -> None:
    """Before anything was claimed: a person has to agree again, or the vendor is away for a while."""
    about = About.SIGN_IN if isinstance(error, AuthRefused) else About.SERVER
    refused = isinstance(error, AuthRefused)
    _mailbox_trouble(mailbox, (Refused if refused else Deferred)(str(error), None, about))


def _all_is_well(mailbox: Mailbox) -> None:
    if mailbox.failures:
        mailbox.failures, mailbox.problem = 0, None
        mailbox.save(update_fields=["failures", "problem"])


def give_place_back(mailbox: Mailbox, enrollment: Enrollment | None) -> None:
    """A mail that did not leave takes no place of the day's."""
    today = timezone.now().date()
    Mailbox.objects.filter(pk=mailbox.pk, claimed_on=today, claimed_count__gt=0).update(
        claimed_count=F("claimed_count") - 1
    )
    if enrollment is not None:
        campaigns = Campaign.objects.filter(pk=enrollment.campaign_id, claimed_count__gt=0)
        campaigns.exclude(day_ends_at__lte=timezone.now()).update(claimed_count=F("claimed_count") - 1)


def take_along(enrollment: Enrollment | None, to: Stage, **changes: object) -> None:
    """Keep the lead in step with its mail, in one compare-and-set; one that was stopped stays stopped.

    `scheduled` is also where a lead is whose mail a worker has claimed: the claim writes the message only.
    """
    if enrollment is None:
        return
    values = {"stage": to, "lease_until": None, "attempts": 0, "problem": "", **changes}
    on_the_way = [Stage.SCHEDULED, Stage.SENDING, Stage.UNCERTAIN]
    going = Enrollment.objects.filter(pk=enrollment.pk, step=enrollment.step, stage__in=on_the_way)
    if going.update(**values):
        enrollment.stage = to
