"""Reminders to owners of a data request that runs out of time: by mail, a week and a day before, once each.

The mail goes by way of a provider, so it names nobody: who asks stands behind its link.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import notices
from accounts.errors import MailNotSent
from accounts.models import Member, Role
from audit.actions import record
from audit.actors import SYSTEM
from audit.events import Event
from leads.models import SubjectRequest
from tenants import bells, directory
from tenants.binding import current

BEFORE = (timedelta(days=7), timedelta(days=1))
AGAIN = timedelta(minutes=15)  # after a mail server that did not take it


def remind_slice() -> datetime | None:
    """Send the reminders that are due; comes back when the next one is."""
    now = timezone.now()
    for row in SubjectRequest.objects.filter(closed_at=None, due_at__lte=now + BEFORE[0]):
        wanted = sum(now >= row.due_at - before for before in BEFORE)
        if row.reminded < wanted and not remind(row, wanted):
            return now + AGAIN
    return next_reminder()


def next_reminder() -> datetime | None:
    """When the next mail is due, if any request is open that has not had both."""
    open_ones = SubjectRequest.objects.filter(closed_at=None, reminded__lt=len(BEFORE))
    times = [row.due_at - BEFORE[row.reminded] for row in open_ones.only("due_at", "reminded")]
    return min(times, default=None)


def remind(row: SubjectRequest, number: int) -> bool:
    """Mail each owner, once for each number; False, and none is counted, when no mail could be sent."""
    was = row.reminded
    mine = SubjectRequest.objects.filter(pk=row.pk, reminded=was, closed_at=None)
    if not mine.update(reminded=number, reminded_at=timezone.now()):
        return True  # another worker did, or the person was answered meanwhile
    told = sum(_told(owner, row) for owner in Member.objects.filter(role=Role.OWNER, is_active=True))
    if not told:
        SubjectRequest.objects.filter(pk=row.pk, reminded=number).update(reminded=was)
        return False
    with transaction.atomic():
        record(Event.SUBJECT_REQUEST_DUE, by=SYSTEM, about=row, owners=told)
    return True


def _told(owner: Member, row: SubjectRequest) -> bool:
    url = directory.origin_of(current()) + reverse("leads:request", args=[row.pk])
    try:
        notices.send("leads/email/request_due", owner.email, url=url, row=row, member=owner)
    except MailNotSent:
        return False
    return True


def ring_for(row: SubjectRequest) -> None:
    """Come back when the request's first reminder is due."""
    bells.ring("remind", at=row.due_at - BEFORE[0])


def due_soon() -> int:
    """Open requests whose last week has begun."""
    soon = Q(due_at__lte=timezone.now() + BEFORE[0])
    return SubjectRequest.objects.filter(soon, closed_at=None).count()
