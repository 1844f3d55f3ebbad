"""Whether a model may read replies."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.models import ReplyReader
from keychain.models import Credential


@transaction.atomic
def read_replies(*, is_on: bool, key: Credential | None, model: str, by: Actor) -> None:
    """Let a model say what replies want, from the next one on; or no longer."""
    reader = ReplyReader.objects.select_for_update().first() or ReplyReader()
    now = timezone.now()
    reader.on_since = (reader.on_since or now) if is_on else None
    reader.is_on, reader.key, reader.model = is_on, key, model
    reader.changed_by, reader.changed_at = by.id, now
    reader.save()
    record(Event.REPLIES_READ, by=by, about=reader, on=is_on, provider=key.kind if key else "", model=model)
