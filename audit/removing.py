"""An owner ends the workspace, or keeps it; what happens then is `tenants.lifecycle`'s."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import notices
from accounts.errors import MailNotSent
from accounts.models import Member, Role
from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from tenants import lifecycle
from tenants.binding import current


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def end_workspace(*, by: Actor) -> tuple[datetime, str]:
    """Close the workspace now and remove it after the grace; returns when, and the receipt's address.

    Owners are told by mail, with the receipt's link: it is the only thing left of the workspace then.
    Raises `IllegalMove`.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        record(Event.DELETION_ASKED, by=by)
        ends = lifecycle.schedule_delete(current().id, asked_by="owner", token_hash=hash_of(token))
    url = receipt_url(token)
    for owner in Member.objects.filter(role=Role.OWNER, is_active=True):
        _tell(owner, ends, url, by)
    return ends, url


def _tell(owner: Member, ends: datetime, url: str, by: Actor) -> None:
    try:
        notices.send("audit/email/deletion", owner.email, ends=ends, url=url, by=by.name, member=owner)
    except MailNotSent:
        # Whoever asked sees the link on the page; the others find the workspace closed, and a way to keep it.
        return


def keep_workspace(*, by: Actor) -> None:
    """Raises `IllegalMove` when it is not waiting to be deleted."""
    with transaction.atomic():
        record(Event.DELETION_CANCELLED, by=by)
        lifecycle.cancel_delete(current().id)


def receipt_url(token: str) -> str:
    return f"{settings.ORIGIN}{reverse('removal:receipt', settings.APEX_URLCONF, [token])}"
