"""What Paitho's operators did to this workspace, in this workspace's own log.

The console can write in no tenant schema. It keeps its own record and rings; here the workspace's login
fetches the lines that are its own and writes each once: a line keeps its id and its time on the way.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.events import Event
from audit.lines import details_of
from audit.models import AuditRow
from tenants import directory
from tenants.binding import current

TO_TELL = "SELECT id, at, event, operator, data FROM public.operations_to_tell(%s)"
AT_ONCE = 200


def operated_slice() -> datetime | None:
    """Write what is new; rings again at once when there may be more."""
    workspace = current().id
    lines = directory.rows(TO_TELL, [workspace])
    for uid, at, event, operator, data in lines:
        write(uid, at, event, operator, json.loads(data))
    directory.rows("SELECT public.operations_told(%s, %s)", [workspace, [line[0] for line in lines]])
    return timezone.now() if len(lines) == AT_ONCE else None


@transaction.atomic
def write(uid: UUID, at: datetime, event: str, operator: str, data: dict[str, Any]) -> None:
    """One line, unless an earlier attempt wrote it."""
    if AuditRow.objects.filter(id=uid, at=at).exists():
        return
    name = f"{operator} (Paitho operator)"
    told = {"did": event, **data}
    row = AuditRow(id=uid, at=at, event=Event.OPERATED, actor_id=None, about_id=None)
    row.details = details_of(name, data=told)
    actions.write([row])
