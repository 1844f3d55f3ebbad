"""The workspace's one switch for everything that sends."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from mailbox.models import SendingSwitch
from tenants import bells


@transaction.atomic
def pause_sending(*, by: Actor, reason: str = "") -> None:
    """Nothing leaves this workspace until it is resumed; takes effect at the next claim."""
    SendingSwitch.objects.update_or_create(
        defaults={"is_paused": True, "reason": reason, "changed_at": timezone.now()}
    )
    record(Event.SENDING_PAUSED, by=by, reason=reason)


@transaction.atomic
def resume_sending(*, by: Actor) -> None:
    SendingSwitch.objects.update(is_paused=False, reason="", changed_at=timezone.now())
    record(Event.SENDING_RESUMED, by=by)
    bells.ring("send")
