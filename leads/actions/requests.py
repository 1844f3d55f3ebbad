"""What a person may ask of us: to see what is kept about them, and to have it erased."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.index import blind_index
from leads.actions.reminders import ring_for
from leads.actions.suppression import suppress_index
from leads.deletion import goes_with
from leads.errors import LeadsError
from leads.models import ImportReject, Lead, Listing, Reason, RequestKind, SubjectRequest

CLOCK = timedelta(days=30)
STAYS = [
    (
        "A keyed hash of the address, so that nobody here writes to it again, whatever is imported. "
        "The address cannot be read back from it."
    ),
    "This receipt, without the address.",
    "Audit lines that say that something was done, by whom and when; they do not hold the address.",
    "Counts and costs of model calls, without their texts.",
]


class RequestClosed(LeadsError):
    """The request was answered already."""


@transaction.atomic
def open_request(kind: RequestKind, email: str, *, by: Actor, on: date | None = None) -> SubjectRequest:
    """Begin the 30-day clock. Raises `LeadsError` for a day that has not come yet."""
    now = timezone.now()
    if on is not None and on > timezone.localdate():
        raise LeadsError("A request cannot have been received in the future.")
    received = datetime.combine(on, time(12), timezone.get_current_timezone()) if on else now
    row = SubjectRequest(kind=kind, email=email, email_index=blind_index().email(email), opened_by=by.id)
    row.received_at, row.due_at = min(received, now), min(received, now) + CLOCK
    row.save(force_insert=True)
    record(Event.SUBJECT_REQUEST_OPENED, by=by, about=row, kind=kind)
    ring_for(row)
    return row


@transaction.atomic
def handed_out(request: SubjectRequest, *, by: Actor) -> None:
    """Somebody took a copy of what is kept about the person."""
    record(Event.EXPORTED, by=by, about=request)


@transaction.atomic
def answer_request(request: SubjectRequest, *, by: Actor) -> None:
    """The person has what they asked for. Raises `RequestClosed`."""
    _close(request, {"answered": timezone.now().isoformat(), "by": by.name})
    record(Event.SUBJECT_REQUEST_CLOSED, by=by, about=request, kind=request.kind)


@transaction.atomic
def erase(request: SubjectRequest, *, by: Actor) -> dict[str, Any]:
    """Take out everything about the address and suppress it; returns the receipt. Raises `RequestClosed`."""
    index = bytes(request.email_index)
    leads = Lead.objects.filter(email_index=index)
    went = [("Lead records", leads.count()), *goes_with(leads)]
    rejects = ImportReject.objects.filter(email_index=index)
    listings = Listing.objects.filter(email_index=index)
    went += [("Rows of rejects files", rejects.count()), ("Rows of directories", listings.count())]
    rejects.delete()
    listings.delete()
    suppress_index(index, Reason.ERASURE, by=by)
    leads.delete()
    now = timezone.now()
    receipt = {
        "erased": now.isoformat(),
        "by": by.name,
        "went": [[what, count] for what, count in went],
        "stays": STAYS,
        "backups_until": (now + timedelta(days=settings.BACKUP_DAYS)).isoformat(),
    }
    _close(request, receipt)
    for other in SubjectRequest.objects.filter(email_index=index).exclude(pk=request.pk):
        other.email = None
        other.save(update_fields=["email"])
    record(Event.PERSON_ERASED, by=by, about=request, went=receipt["went"])
    return receipt


def _close(request: SubjectRequest, receipt: dict[str, Any]) -> None:
    row = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if row.closed_at is not None:
        raise RequestClosed("This request was answered already.")
    row.closed_at, row.receipt = timezone.now(), receipt
    row.email = None if "erased" in receipt else row.email
    row.save(update_fields=["closed_at", "receipt", "email"])
    request.refresh_from_db()
