"""Migrations over many workspaces: one version ledger, each workspace in a transaction of its own.

A few threads share the list, each with a session of its own: the work is PostgreSQL's. What fails in a
workspace stays in that workspace, which keeps its old version and works on; it is marked and named. A
workspace whose tables are held by a long transaction is tried again before it counts as failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tenants import schema, structure
from tenants.models import State
from tenants.workspace import WorkspaceRef

WORKERS = 4
ATTEMPTS = 3
BEHIND = """
    SELECT id, slug, region, state, schema_version, plan FROM public.workspaces
    WHERE state = ANY (%s) AND schema_version < %s AND (%s::text IS NULL OR slug = %s) ORDER BY slug
"""
# One that waits to be deleted may yet be kept.
ALIVE = [State.ACTIVE, State.SUSPENDED, State.DELETING]

Tell = Callable[[WorkspaceRef, str], None]


@dataclass(slots=True)
class Report:
    """What a run did; `failed` names each workspace left at its old version, and why."""

    version: int = 0
    recorded: list[str] = field(default_factory=list)
    migrated: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def quietly(_workspace: WorkspaceRef, _problem: str) -> None:
    """Tell nobody."""


def migrate_all(*, workers: int = WORKERS, only: str | None = None, tell: Tell = quietly) -> Report:
    """Record what is pending, then bring each workspace that is behind to the newest version.

    `tell` hears of each workspace as it is done, with the problem or "".
    """
    report = Report(recorded=schema.record_pending())
    with structure.owner_session() as owner:
        report.version = schema.newest(owner)
        behind = [
            WorkspaceRef(*row)
            for row in owner.execute(BEHIND, [ALIVE, report.version, only, only]).fetchall()
        ]
        report.skipped = _alive(owner) - len(behind)
        if not behind:
            return report
        oldest = min(workspace.schema_version for workspace in behind)
        versions = schema.versions_after(owner, oldest)
    for workspace, problem in _spread(behind, versions, min(workers, len(behind)), tell):
        if problem:
            report.failed[workspace.slug] = problem
        else:
            report.migrated += 1
    return report


def _spread(
    behind: list[WorkspaceRef], versions: list[schema.Version], workers: int, tell: Tell
) -> list[tuple[WorkspaceRef, str]]:
    waiting = deque(behind)

    def worker() -> list[tuple[WorkspaceRef, str]]:
        done = []
        with structure.owner_session() as owner:
            while waiting:
                try:
                    workspace = waiting.popleft()
                except IndexError:
                    break
                problem = _bring_up(owner, workspace, versions)
                tell(workspace, problem)
                done.append((workspace, problem))
        return done

    with ThreadPoolExecutor(workers, thread_name_prefix="migrate") as pool:
        running = [pool.submit(worker) for _ in range(workers)]
        return [one for done in running for one in done.result()]


def _bring_up(owner: psycopg.Connection[Any], workspace: WorkspaceRef, versions: list[schema.Version]) -> str:
    """Apply what the workspace lacks; the problem, in the database's words, when that fails."""
    pending = [version for version in versions if version.number > workspace.schema_version]
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            schema.apply(owner, workspace, pending)
        except psycopg.errors.LockNotAvailable as error:
            problem = str(error).strip()
        except psycopg.Error as error:
            problem = str(error).strip()
            break
        else:
            return ""
    _mark(owner, workspace, problem)
    return problem


def _alive(owner: psycopg.Connection[Any]) -> int:
    found = owner.execute("SELECT count(*) FROM public.workspaces WHERE state = ANY (%s)", [ALIVE]).fetchone()
    assert found is not None
    return int(found[0])


def _mark(owner: psycopg.Connection[Any], workspace: WorkspaceRef, problem: str) -> None:
    owner.execute("UPDATE public.workspaces SET problem = %s WHERE id = %s", [problem[:2000], workspace.id])
