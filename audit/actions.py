"""The one write to the audit log, and what owners ask for: an export, a copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connections, models, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.errors import ExportGone, ExportOpen
from audit.events import Event
from audit.lines import details_of
from audit.models import AuditRow, Export, ExportState
from tenants import bells
from tenants.binding import current

_with_partitions: set[UUID] = set()


def record(event: Event, *, by: Actor, about: models.Model | None = None, **data: Any) -> None:
    """Write one line, in the transaction of what it tells of; `data` is JSON and is sealed with the actor."""
    write([_line(event, by, about, data)])


def record_many(event: Event, *, by: Actor, about: Sequence[tuple[models.Model, dict[str, Any]]]) -> None:
    """As `record`, a line for each thing, in one statement."""
    write([_line(event, by, thing, data) for thing, data in about])


def write(lines: Sequence[AuditRow]) -> None:
    """Insert the lines. A new workspace's first makes the month, and the partition that takes any line."""
    workspace = current().id
    if workspace not in _with_partitions:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT to_regclass('audit_log_other') IS NOT NULL")
            if cursor.fetchone() == (True,):
                _with_partitions.add(workspace)  # one made here may yet be rolled back
            else:
                cursor.execute("SELECT audit_log_make_ahead(0)")
    AuditRow.objects.bulk_create(lines)


def _line(event: Event, by: Actor, about: models.Model | None, data: dict[str, Any]) -> AuditRow:
    about_id = about.pk if about is not None and isinstance(about.pk, UUID) else None
    details = details_of(by.name, ip=by.ip, about=str(about) if about is not None else "", data=data)
    return AuditRow(event=event, actor_id=by.id, about_id=about_id, details=details)


@transaction.atomic
def ask_export(*, by: Actor) -> Export:
    """Have the whole workspace packed in the background. Raises `ExportOpen` while one is being made."""
    if Export.objects.filter(state__in=[ExportState.ASKED, ExportState.RUNNING]).exists():
        raise ExportOpen("An export is being made already.")
    assert by.id is not None
    export = Export(asked_by=by.id)
    export.save(force_insert=True)
    record(Event.EXPORT_ASKED, by=by, about=export)
    bells.ring("export")
    return export


@transaction.atomic
def note_download(export_id: UUID, *, by: Actor) -> Export:
    """The export for who asked for it, until it ends; each download is recorded. Raises `ExportGone`."""
    ready = Export.objects.select_for_update().filter(pk=export_id, state=ExportState.READY)
    export = ready.filter(expires_at__gt=timezone.now()).first()
    if export is None or export.asked_by != by.id:
        raise ExportGone("This export has ended, or another owner asked for it. Ask for a new one.")
    export.downloaded_at = timezone.now()
    export.save(update_fields=["downloaded_at"])
    record(Event.EXPORT_DOWNLOADED, by=by, about=export)
    return export
