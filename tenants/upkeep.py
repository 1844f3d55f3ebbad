"""The `provision` bell's work: whatever of a workspace's life takes the owner's login.

The bell may ring for nothing and does so every hour; what there is to do is read from the directory. The
records of a workspace's own hosts are looked at on the way, each once a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.utils import timezone

from tenants import domains, provisioning, removal, renaming, structure
from tenants.binding import current
from tenants.models import State
from tenants.workspace import WorkspaceRef

SOON = timedelta(seconds=5)


def upkeep_slice() -> datetime | None:
    """Build, rename or remove the bound workspace, if that is what it waits for."""
    workspace = current()
    match workspace.state:
        case State.PENDING:
            provisioning.provision(workspace.id)
            return None
        case State.DELETING | State.DELETED:
            return _removed_or_when(workspace)
        case _:
            domains.recheck(workspace.id)
            return _renamed_or_when(workspace)


def _removed_or_when(workspace: WorkspaceRef) -> datetime | None:
    if removal.remove_due(workspace):
        return None
    with structure.owner_session() as owner:
        found = _wishes(owner, workspace)
    return found[1] if found else None


def _renamed_or_when(workspace: WorkspaceRef) -> datetime | None:
    with structure.owner_session() as owner:
        found = _wishes(owner, workspace)
        if found is None or not found[0]:
            return None
        if renaming.is_busy(owner, workspace):
            return timezone.now() + SOON
        try:
            renaming.rename(owner, workspace, found[0])
        except psycopg.errors.LockNotAvailable:
            return timezone.now() + SOON
    return None


def _wishes(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> tuple[str, datetime | None] | None:
    return owner.execute(
        "SELECT wanted_slug, delete_after FROM public.workspaces WHERE id = %s", [workspace.id]
    ).fetchone()
