"""The one write to the record of what operators did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections, models, transaction
from django.utils import timezone

from operators.events import Event
from operators.models import Operation

DIRECTORY = "directory"
TELL = "operated"  # the bell that tells a workspace


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, from where; `id` is None for someone who is not signed in."""

    id: UUID | None
    name: str
    ip: str = ""


def record(
    event: Event, *, by: By, about: models.Model | None = None, workspace: UUID | None = None, **data: Any
) -> None:
    """Write one line, in the transaction of what it tells of; a workspace it touches is told by a bell."""
    line(event, by, about, workspace, data).save(force_insert=True)
    if workspace is not None:
        with connections[DIRECTORY].cursor() as cursor:
            cursor.execute("SELECT public.ring(%s, %s, now())", [workspace, TELL])


def line(
    event: Event, by: By, about: models.Model | None, workspace: UUID | None, data: dict[str, Any]
) -> Operation:
    """The line, not yet stored."""
    return Operation(
        at=timezone.now(),
        event=event,
        operator_id=by.id,
        operator=by.name[:254],
        ip=by.ip,
        about=str(about)[:200] if about is not None else "",
        about_id=str(about.pk)[:64] if about is not None else "",
        workspace_id=workspace,
        data=data,
    )


def atomically() -> Any:
    """One transaction on the directory."""
    return transaction.atomic(using=DIRECTORY)
