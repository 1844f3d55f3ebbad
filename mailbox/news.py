"""Asking for a mailbox to be read at once, and not at its next turn."""

from __future__ import annotations

from django.db.models import F, Q
from django.utils import timezone

from mailbox.models import Mailbox
from tenants import bells


def ask_to_read(mailbox: Mailbox) -> None:
    """The mailbox is read at the next slice of `sync`. Asked twice, it is read once."""
    told = Q(news_at__isnull=False) & (Q(synced_at=None) | Q(news_at__gt=F("synced_at")))
    if Mailbox.objects.filter(pk=mailbox.pk).exclude(told).update(news_at=timezone.now()):
        bells.ring("sync")
