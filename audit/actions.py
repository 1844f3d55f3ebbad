"""The one write to the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models

from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow


def record(event: Event, *, by: Actor, about: models.Model | None = None, **data: Any) -> None:
    """Write one line, in the transaction of what it tells of; `data` is JSON and is sealed with the actor."""
    about_id = about.pk if about is not None and isinstance(about.pk, UUID) else None
    details = {"actor": by.name, "ip": by.ip, "about": str(about) if about is not None else "", "data": data}
    AuditRow(event=event, actor_id=by.id, about_id=about_id, details=details).save(force_insert=True)
