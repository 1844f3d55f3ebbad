"""Migrations over many workspaces: one version ledger, each workspace in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg

from tenants import schema, structure
from tenants.models import State
from tenants.workspace import WorkspaceRef

BEHIND = """
    SELECT id, slug, region, state, schema_version, plan FROM public.workspaces
    WHERE state IN ('active', 'suspended') AND schema_version < %s ORDER BY slug
"""


@dataclass(slots=True)
class Report:
    """What a run did; `failed` names each workspace left at its old version, and why."""

    version: int = 0
    recorded: list[str] = field(default_factory=list)
    migrated: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def migrate_all() -> Report:
    """Record what is pending, then bring each workspace that is behind to the newest version."""
    report = Report(recorded=schema.record_pending())
    with structure.owner_session() as owner:
        versions = schema.versions_after(owner, 0)
        report.version = versions[-1].number if versions else 0
        behind = [WorkspaceRef(*row) for row in owner.execute(BEHIND, [report.version]).fetchall()]
        for workspace in behind:
            pending = [version for version in versions if version.number > workspace.schema_version]
            try:
                schema.apply(owner, workspace, pending)
            except psycopg.Error as error:
                report.failed[workspace.slug] = str(error).strip()
                _mark(owner, workspace, report.failed[workspace.slug])
            else:
                report.migrated += 1
        report.skipped = _alive(owner) - len(behind)
    return report


def _alive(owner: psycopg.Connection[tuple[int]]) -> int:
    found = owner.execute(
        "SELECT count(*) FROM public.workspaces WHERE state IN (%s, %s)", [State.ACTIVE, State.SUSPENDED]
    ).fetchone()
    assert found is not None
    return found[0]


def _mark(owner: psycopg.Connection[tuple[int]], workspace: WorkspaceRef, problem: str) -> None:
    owner.execute("UPDATE public.workspaces SET problem = %s WHERE id = %s", [problem[:2000], workspace.id])
