"""What the workspace's models may cost in a month."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.limits import look_at_the_limit_again
from campaigns.models import SpendingLimit


@transaction.atomic
def set_limit(*, micros: int | None, tokens: int | None, by: Actor) -> None:
    """Cap a calendar month, all campaigns together; None is no cap. It counts from the next call on."""
    limit = SpendingLimit.objects.select_for_update().first() or SpendingLimit()
    limit.monthly_micros, limit.monthly_tokens = micros, tokens
    limit.changed_by, limit.changed_at = by.id, timezone.now()
    limit.save()
    record(Event.SPENDING_LIMITED, by=by, about=limit, micros=micros, tokens=tokens)
    look_at_the_limit_again()
