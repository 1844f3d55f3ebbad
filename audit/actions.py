"""The one write to the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import models

from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow


def record(event: Event, *, by: Actor, about: models.Model | None = None, **data: Any) -> None:
    """Write one line, in the transaction of what it tells of; `data` is JSON and is sealed with the actor."""
    _line(event, by, about, data).save(force_insert=True)


def record_many(event: Event, *, by: Actor, about: Sequence[tuple[models.Model, dict[str, Any]]]) -> None:
    """As `record`, a line for each thing, in one statement."""
    AuditRow.objects.bulk_create([_line(event, by, thing, data) for thing, data in about])


def _line(event: Event, by: Actor, about: models.Model | None, data: dict[str, Any]) -> AuditRow:
    about_id = about.pk if about is not None and isinstance(about.pk, UUID) else None
    details = {"actor": by.name, "ip": by.ip, "about": str(about) if about is not None else "", "data": data}
    return AuditRow(event=event, actor_id=by.id, about_id=about_id, details=details)
