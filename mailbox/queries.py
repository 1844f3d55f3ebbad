"""Page reads of mailboxes and threads."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from mailbox.models import Delivery, Direction, Mailbox, Message, SendingSwitch, Thread

PER_PAGE = 40
LATEST_IN = (
    Message.objects.filter(thread=OuterRef("pk"), direction=Direction.IN).order_by("-at").values("kind")[:1]
)
FILTERS = {
    "answer": ("Needs an answer", Q(is_unread=True, latest_kind="reply")),
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
    """Threads in which something came back, with the kind of the latest."""
    received = Thread.objects.annotate(latest_kind=Subquery(LATEST_IN)).exclude(latest_kind=None)
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


def messages_of(thread: Thread) -> QuerySet[Message]:
    return thread.messages.exclude(delivery=Delivery.CANCELLED).order_by("at")


def is_paused() -> bool:
    return SendingSwitch.objects.filter(is_paused=True).exists()
