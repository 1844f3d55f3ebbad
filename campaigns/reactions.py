"""What received mail means for whom we write to: a reply stops, a bounce marks, an opt-out suppresses.

Sync stores what arrived; each message is taken note of once, in a transaction with its consequences.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from audit.actors import SYSTEM
from campaigns import replies
from campaigns.models import Campaign, Enrollment, Stage, Step
from campaigns.stages import ENDINGS, move
from leads.actions import suppress_index
from leads.models import Lead, Reason
from mailbox.actions import pause_for_bounces
from mailbox.models import Delivery, Direction, Message
from mailbox.queries import bounces_too_much

BATCH = 200
AWAY_DAYS = 4  # how long an out-of-office without a date pauses


def react_slice() -> datetime | None:
    """Take note of received messages, and of uncertain ones that were found in Sent."""
    follow_settled()
    waiting = Message.objects.filter(direction=Direction.IN, handled_at=None).order_by("at")[:BATCH]
    for message in list(waiting):
        react(message)
    return timezone.now() if len(waiting) == BATCH else None


@transaction.atomic
def follow_settled() -> None:
    """A mail that is settled elsewhere, by its copy in Sent or by a person's word, takes its lead along."""
    for enrollment in _on_the_way_with(Delivery.SENT):
        values = {"stage": Stage.SENT, "due_at": next_step_at(enrollment), "lease_until": None, "problem": ""}
        Enrollment.objects.filter(pk=enrollment.pk, stage=enrollment.stage).update(**values)
    for enrollment in _on_the_way_with(Delivery.SCHEDULED, Stage.UNCERTAIN):
        Enrollment.objects.filter(pk=enrollment.pk, stage=Stage.UNCERTAIN).update(stage=Stage.SCHEDULED)
    for enrollment in _on_the_way_with(Delivery.FAILED, Stage.UNCERTAIN):
        move(enrollment, Stage.FAILED, problem="A person found that the mail did not leave.")


def _on_the_way_with(delivery: Delivery, *stages: Stage) -> QuerySet[Enrollment]:
    """Leads on their way to `sent` whose present step's mail is known to be `delivery`.

    A restored backup may still call mail scheduled that has long gone: its copy in Sent says so.
    """
    known = Q(drafts__step=F("step"), drafts__message__delivery=delivery)
    among = stages or (Stage.UNCERTAIN, Stage.SENDING, Stage.SCHEDULED)
    return Enrollment.objects.filter(known, stage__in=among).distinct()


def next_step_at(enrollment: Enrollment) -> datetime | None:
    """When the step after this one is due, from now; None after the last."""
    following = Step.objects.filter(campaign=enrollment.campaign_id, number=enrollment.step + 1).first()
    return timezone.now() + timedelta(days=following.wait_days) if following else None


@transaction.atomic
def react(message: Message) -> None:
    """Draw the consequences of one received message; a second call does nothing."""
    fresh = Message.objects.filter(pk=message.pk, handled_at=None)
    if not fresh.update(handled_at=timezone.now()):
        return
    lead = message.thread.lead
    complains = message.kind == "complaint" and message.severity != "policy"
    if message.opts_out or complains:
        reason = Reason.COMPLAINT if complains else Reason.OPT_OUT
        suppress_index(bytes(lead.email_index), reason, by=SYSTEM)
        stop(_open(lead), "opted_out")
    elif message.kind in {"bounce", "complaint"}:
        _bounced(message, lead)
    elif message.kind == "auto_reply":
        _away(message, lead)
    else:
        stop(_open(lead), "replied")
        _stop_company(lead)
        replies.ring()


def _open(lead: Lead) -> list[Enrollment]:
    return list(Enrollment.objects.filter(lead=lead).exclude(stage__in=ENDINGS | {Stage.DISQUALIFIED}))


def stop(enrollments: list[Enrollment], reason: str) -> None:
    """Stop what has not ended, wherever a worker has brought it, and cancel the mail that waits."""
    ids = [enrollment.pk for enrollment in enrollments]
    going = Enrollment.objects.filter(pk__in=ids).exclude(stage__in=ENDINGS)
    going.update(stage=Stage.STOPPED, stop_reason=reason, due_at=None, lease_until=None, problem="")
    Message.objects.filter(draft__enrollment__in=ids, delivery=Delivery.SCHEDULED).update(
        delivery=Delivery.CANCELLED
    )


def _bounced(message: Message, lead: Lead) -> None:
    """A hard bounce ends it for the address; a soft one only for this mail's campaign step."""
    if message.severity == "hard":
        suppress_index(bytes(lead.email_index), Reason.BOUNCE, by=SYSTEM)
        stop(_open(lead), "bounced")
        if bounces_too_much(message.mailbox):
            pause_for_bounces(message.mailbox, by=SYSTEM)
    elif message.severity == "policy":
        message.mailbox.problem = (
            "A receiving server rejects this mailbox's mail. See the bounce in the inbox."
        )
        message.mailbox.save(update_fields=["problem"])


def _away(message: Message, lead: Lead) -> None:
    """Out of office: nothing more is sent until the stated day, or for some days."""
    if message.returns_on is not None:
        until = datetime.combine(
            message.returns_on + timedelta(days=1), time(9), timezone.get_current_timezone()
        )
    else:
        until = timezone.now() + timedelta(days=AWAY_DAYS)
    Enrollment.objects.filter(lead=lead, stage=Stage.SENT, due_at__lt=until).update(due_at=until)
    waiting = Message.objects.filter(thread__lead=lead, delivery=Delivery.SCHEDULED, due_at__lt=until)
    waiting.update(due_at=until)


def _stop_company(lead: Lead) -> None:
    """Where the campaign wishes it, a reply from one person stops the others at the same domain."""
    campaigns = Campaign.objects.filter(enrollments__lead=lead, stops_company=True)
    others = Enrollment.objects.filter(
        Q(lead__domain_index=lead.domain_index), campaign__in=campaigns
    ).exclude(Q(stage__in=ENDINGS | {Stage.DISQUALIFIED}) | Q(lead=lead))
    if not is_shared_domain(str(lead.profile.get("email", ""))):
        stop(list(others), "company_replied")


def is_shared_domain(address: str) -> bool:
    """Addresses at a public mail provider do not belong to one company."""
    return address.rpartition("@")[2].lower() in SHARED_DOMAINS


PUBLIC_PROVIDERS = """
    126.com 163.com aol.com att.net comcast.net cox.net fastmail.com free.fr gmail.com gmx.at gmx.ch
    gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com
    libero.it live.com mac.com mail.com mail.ru me.com msn.com orange.fr outlook.com outlook.de
    posteo.de proton.me protonmail.com qq.com rediffmail.com seznam.cz t-online.de verizon.net
    web.de wp.pl yahoo.co.in yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.ru ymail.com zoho.com
"""
SHARED_DOMAINS = frozenset(PUBLIC_PROVIDERS.split())
