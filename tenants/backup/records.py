"""What the directory knows of backups and rehearsals: written with the backup login, read by everyone's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connections

from paitho.lib.ids import uuid7
from tenants.backup import tools
from tenants.backup.dumping import Made
from tenants.workspace import WorkspaceRef


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that is still in its place."""

    id: UUID
    workspace: UUID | None
    place: str
    name: str
    made_at: datetime
    size: int
    rows: int
    schema_version: int
    duration_ms: int
    expires_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Age:
    """Of all workspaces in use: how many, how many lack a recent backup, the oldest and newest last one."""

    workspaces: int
    late: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Drill:
    """The last rehearsal of a restore."""

    at: datetime
    duration_ms: int
    rows: int
    passed: bool

    @property
    def seconds(self) -> str:
        return f"{self.duration_ms / 1000:.1f}"


def _read(query: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connections["directory"].cursor() as cursor:
        cursor.execute(query, list(params))
        return list(cursor.fetchall())


def of(workspace: WorkspaceRef | None) -> list[Kept]:
    """Newest first; None for those of the directory itself."""
    wanted = workspace.id if workspace else None
    return [Kept(*row) for row in _read("SELECT * FROM public.backups_of(%s)", [wanted])]


def age() -> Age:
    return Age(*_read("SELECT * FROM public.backup_age()")[0])


def last_drill() -> Drill | None:
    found = _read("SELECT * FROM public.last_drill()")
    return Drill(*found[0]) if found else None


def newest_workspace() -> UUID | None:
    """The workspace whose backup is the newest, for the backup login's process."""
    query = (
        "SELECT b.workspace_id FROM public.backups b JOIN public.workspaces w ON w.id = b.workspace_id"
        " WHERE b.deleted_at IS NULL AND w.state IN ('active', 'suspended')"
        " ORDER BY b.made_at DESC LIMIT 1"
    )
    with tools.session(tools.BACKUP) as session:
        found = session.execute(query).fetchone()
    return found[0] if found else None


def expiry_of(made_at: datetime, *, of_directory: bool = False) -> datetime:
    days = settings.DIRECTORY_BACKUP_DAYS if of_directory else settings.BACKUP_DAYS
    return made_at + timedelta(days=days)


def add(session: psycopg.Connection[Any], made: Made, *, of_directory: bool = False) -> None:
    session.execute(
        "SELECT public.record_backup(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            made.id,
            None if of_directory else made.workspace,
            made.place,
            made.name,
            made.made_at,
            made.size,
            sum(made.rows.values()),
            made.schema_version,
            made.duration_ms,
            expiry_of(made.made_at, of_directory=of_directory),
        ],
    )


def deleted(session: psycopg.Connection[Any], backup: Kept) -> None:
    session.execute("SELECT public.backup_deleted(%s)", [backup.id])


def add_drill(
    workspace: WorkspaceRef, *, backup_made: datetime | None, took: int, rows: int, passed: bool, told: str
) -> None:
    with tools.session(tools.BACKUP) as session:
        session.execute(
            "SELECT public.record_drill(%s, %s, %s, %s, %s, %s, %s)",
            [uuid7(), workspace.id, backup_made, took, rows, passed, told[:500]],
        )
