"""The tenant schema's versions: recorded once on a reference schema, replayed in each workspace.

Django's migrations run on the schema `workspace_reference`, which holds no customer. The statements they
execute are recorded as a version, and a workspace gets the same statements in one transaction of its
own. A tenant migration is therefore structure only: what fills rows is background work inside the
workspace (the owner's login cannot see its rows: FORCE ROW LEVEL SECURITY).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from tenants import structure
from tenants.routers import is_directory_app
from tenants.workspace import WorkspaceRef

REFERENCE = "workspace_reference"
LOCK_TIMEOUT = "3s"  # how long a change waits for a page before it lets the page's successors through
NOT_REPLAYED = ("SELECT", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SET CONSTRAINTS")


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    statements: tuple[str, ...]


def record_pending() -> list[str]:
    """Run pending tenant migrations on the reference schema and record them as one new version.

    Returns the names of the migrations that were new. Runs alone: an advisory lock is held. The reference
    schema and the record change together: a run that dies leaves neither.
    """
    with structure.owner_session() as owner:
        owner.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(REFERENCE)))
        owner.execute("SELECT pg_advisory_lock(hashtext('paitho schema'))")
        connection = connections["reference"]
        executor = MigrationExecutor(connection)
        targets = [leaf for leaf in executor.loader.graph.leaf_nodes() if not is_directory_app(leaf[0])]
        plan = executor.migration_plan(targets)
        if not plan:
            return []
        names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
        statements: list[str] = []
        with transaction.atomic(using="reference"), connection.cursor() as cursor:
            with connection.execute_wrapper(_recorder(statements)):
                executor.migrate(targets, plan=plan)
            cursor.execute(
                "INSERT INTO public.schema_changes (version, migrations, statements, recorded_at)"
                " SELECT coalesce(max(version), 0) + 1, %s::jsonb, %s::jsonb, now()"
                " FROM public.schema_changes",
                [json.dumps(names), json.dumps(statements)],
            )
        return names


def _recorder(statements: list[str]) -> Callable[..., Any]:
    def wrapper(execute: Callable[..., Any], query: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(query).strip()
        if not text.startswith(NOT_REPLAYED) and "django_migrations" not in text:
            cursor = context["cursor"].cursor
            statements.append(cursor.mogrify(text, params) if params else text.rstrip(";"))
        return execute(query, params, many, context)

    return wrapper


def newest(owner: psycopg.Connection[Any]) -> int:
    """The newest recorded version; 0 when there is none."""
    found = owner.execute("SELECT coalesce(max(version), 0) FROM public.schema_changes").fetchone()
    assert found is not None
    return int(found[0])


def versions_after(owner: psycopg.Connection[Any], number: int) -> list[Version]:
    found = owner.execute(
        "SELECT version, statements FROM public.schema_changes WHERE version > %s ORDER BY version", [number]
    )
    return [Version(version, tuple(statements)) for version, statements in found]


def apply(owner: psycopg.Connection[Any], workspace: WorkspaceRef, versions: list[Version]) -> int:
    """Replay `versions` in the workspace's schema in one transaction; returns the version it is at now."""
    if not versions:
        return workspace.schema_version
    with owner.transaction():
        owner.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        owner.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(workspace.schema)))
        owner.execute(sql.SQL("SET LOCAL search_path = {}, pg_temp").format(sql.Identifier(workspace.schema)))
        # The reference schema has checked them; to compile one looks at each function of its name anywhere.
        owner.execute("SET LOCAL check_function_bodies = off")
        for version in versions:
            owner.execute(";\n".join(version.statements).encode())
        owner.execute("SET LOCAL search_path = public, pg_temp")
        structure.secure(owner, workspace)
        owner.execute(
            "UPDATE public.workspaces SET schema_version = %s, problem = '' WHERE id = %s",
            [versions[-1].number, workspace.id],
        )
    return versions[-1].number
