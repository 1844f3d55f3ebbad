"""Page reads of mailboxes and threads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Member
from mailbox.models import Delivery, Direction, Mailbox, Message, SendingSwitch, Thread

PER_PAGE = 40
LATEST_IN = Message.objects.filter(thread=OuterRef("pk"), direction=Direction.IN).order_by("-at")
FILTERS = {
    "answer": ("Needs an answer", Q(is_unread=True, latest_kind="reply")),
    "interested": ("Interested", Q(outcome="interested") | Q(outcome="", latest_intent="interested")),
    "replies": ("Replies", Q(latest_kind="reply")),
    "away": ("Out of office", Q(latest_kind="auto_reply")),
    "bounced": ("Bounced", Q(latest_kind="bounce")),
    "all": ("All", Q()),
}


def mailboxes() -> QuerySet[Mailbox]:
    """Each mailbox with what it sent today and what bounced in a week."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    sent = Q(messages__direction=Direction.OUT, messages__delivery=Delivery.SENT)
    week = timezone.now() - timedelta(days=7)
    bounced = Q(messages__direction=Direction.IN, messages__kind="bounce", messages__at__gte=week)
    return Mailbox.objects.annotate(
        sent_today=Count("messages", filter=sent & Q(messages__at__gte=today)),
        sent_week=Count("messages", filter=sent & Q(messages__at__gte=week)),
        bounced_week=Count("messages", filter=bounced),
    ).order_by("created_at")


def answered_threads() -> QuerySet[Thread]:
    """Threads in which something came back, with the kind of the latest and what it wants."""
    received = Thread.objects.annotate(
        latest_kind=Subquery(LATEST_IN.values("kind")[:1]),
        latest_intent=Subquery(LATEST_IN.values("intent")[:1]),
        latest_intent_by=Subquery(LATEST_IN.values("intent_by")[:1]),
    ).exclude(latest_kind=None)
    return received.select_related("lead", "mailbox")


def inbox(which: str, number: str) -> Page[Thread]:
    """One page of the inbox, the latest first."""
    chosen = FILTERS.get(which, FILTERS["replies"])[1]
    return Paginator(answered_threads().filter(chosen).order_by("-last_at", "-id"), PER_PAGE).get_page(number)


def waiting() -> int:
    """How many threads need an answer."""
    return answered_threads().filter(FILTERS["answer"][1]).count()


def doubtful() -> QuerySet[Message]:
    """Mail of which nobody knows whether it went: a person decides."""
    return Message.objects.filter(delivery=Delivery.UNCERTAIN).select_related("thread__lead", "mailbox")


WORDS = {
    "good": {"tone": "active", "word": "Good"},
    "warn": {"tone": "warning", "word": "Look at it"},
    "bad": {"tone": "error", "word": "Not in order"},
}


def delivery_of(mailbox: Mailbox) -> dict[str, Any]:
    """What the page of a mailbox's deliverability shows, beside what was found out."""
    month = timezone.now() - timedelta(days=30)
    out = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT)
    came = Message.objects.filter(mailbox=mailbox, direction=Direction.IN, at__gte=month)
    sent = out.filter(delivery=Delivery.SENT, at__gte=month).count()
    bounced = came.filter(kind="bounce", severity="hard").count()
    found = (mailbox.deliverability or {}).get("findings", [])
    return {
        "findings": [{**each, **WORDS[each["state"]]} for each in found],
        "sent": sent,
        "bounced": bounced,
        "rate": round(100 * bounced / sent, 1) if sent else None,
        "rejected": came.filter(kind="bounce", severity="policy").count(),
        "complaints": came.filter(kind="complaint").count(),
        "errors": out.exclude(answer=None).filter(delivery__in=TROUBLED).order_by("-at")[:5],
        "judged": JUDGED,
        "most": MOST_BOUNCES,
    }


TROUBLED = [Delivery.FAILED, Delivery.SCHEDULED, Delivery.UNCERTAIN]
JUDGED = 50  # the last mails of a mailbox, by which it is judged
LEAST = 20  # fewer say nothing
MOST_BOUNCES = 8  # per cent of them that bounce for good


def bounces_too_much(mailbox: Mailbox) -> bool:
    """Whether too many of its last mails went to addresses that do not exist: receivers notice."""
    out = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT, approved_hash__isnull=False)
    gone = out.filter(delivery__in=[Delivery.SENT, Delivery.FAILED]).order_by("-at")[:JUDGED]
    threads = list(gone.values_list("thread_id", flat=True))
    if len(threads) < LEAST:
        return False
    bounces = Message.objects.filter(thread__in=threads, kind="bounce", severity="hard")
    refused = Message.objects.filter(pk__in=[m.pk for m in gone], delivery=Delivery.FAILED)
    bad = set(bounces.values_list("thread_id", flat=True)) | set(refused.values_list("thread_id", flat=True))
    return len(bad) * 100 > len(threads) * MOST_BOUNCES


def members() -> QuerySet[Member]:
    """Who may look after a conversation."""
    return Member.objects.filter(is_active=True).order_by("name")


def messages_of(thread: Thread) -> QuerySet[Message]:
    """The conversation in its order; `approver` is the name of who approved or wrote one of ours."""
    who = Member.objects.filter(pk=OuterRef("approved_by")).values("name")
    letters = thread.messages.exclude(delivery=Delivery.CANCELLED)
    return letters.annotate(approver=Subquery(who)).order_by("at")


def is_paused() -> bool:
    return SendingSwitch.objects.filter(is_paused=True).exists()
