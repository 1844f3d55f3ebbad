"""The moment of a restore: live and restored schema change names, and nothing that must last is lost.

What is carried from the live schema, and what is put right in the restored one, belongs to the floors above:
`settings.RESTORE_STEPS` names modules with two tuples of SQL, `CARRIED` (run when there is a live schema)
and `ALWAYS`. In both `{new}` is the restored schema, in the first `{live}` the live one.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from tenants.backup.errors import BackupError
from tenants.workspace import WorkspaceRef

TRIES = 20
LOCK_TIMEOUT = "1500ms"
TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY 1
"""


class Beside(WorkspaceRef):
    """A workspace whose schema lies beside the live one; its roles are the same."""

    __slots__ = ()

    @property
    def schema(self) -> str:
        return self.stem.replace("tenant_", "restoring_", 1)

    @property
    def replaced(self) -> str:
        """What the live schema is called once it was replaced, until it is dropped."""
        return self.stem.replace("tenant_", "replaced_", 1)

    @property
    def scratch(self) -> str:
        """The database in which the schema gets its other name."""
        return self.stem.replace("tenant_", "paitho_scratch_", 1)


def beside(workspace: WorkspaceRef) -> Beside:
    return Beside(
        workspace.id,
        workspace.slug,
        workspace.region,
        workspace.state,
        workspace.schema_version,
        workspace.plan,
    )


def swap(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> int:
    """Put the restored schema in the live one's place; returns the milliseconds that the locks were held.

    Waits for the workspace's open transactions, a moment at a time, so that nobody queues behind us for long.
    """
    target = beside(workspace)
    replaced = sql.Identifier(target.replaced)
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(replaced))
    for attempt in range(1, TRIES + 1):
        try:
            held = _swap(owner, workspace, target)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if attempt == TRIES:
                raise BackupError("The workspace is too busy to be replaced. Try again.") from None
            time.sleep(0.2)
        else:
            break
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(replaced))
    return held


def _swap(owner: psycopg.Connection[Any], workspace: WorkspaceRef, target: Beside) -> int:
    live, new = sql.Identifier(workspace.schema), sql.Identifier(target.schema)
    with owner.transaction():
        owner.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT))
        live_tables = _tables(owner, workspace.schema)
        if live_tables:
            _lock(owner, workspace.schema, live_tables)
        began = time.monotonic()
        _carry(owner, workspace, target, has_live=bool(live_tables))
        if live_tables:
            owner.execute(
                sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(live, sql.Identifier(target.replaced))
            )
        owner.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(new, live))
    return int((time.monotonic() - began) * 1000)


def _tables(owner: psycopg.Connection[Any], schema: str) -> list[str]:
    return [table for (table,) in owner.execute(TABLES, [schema]).fetchall()]


def _lock(owner: psycopg.Connection[Any], schema: str, tables: list[str]) -> None:
    names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
    owner.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))


def _carry(
    owner: psycopg.Connection[Any], workspace: WorkspaceRef, target: Beside, *, has_live: bool
) -> None:
    """Run the steps as the tables' owner, for whom the row policy is set aside and put back."""
    schemas = [target.schema, *([workspace.schema] if has_live else [])]
    _force(owner, schemas, forced=False)
    names = {"live": sql.Identifier(workspace.schema), "new": sql.Identifier(target.schema)}
    for path in settings.RESTORE_STEPS:
        steps = import_module(path)
        for statement in (*(steps.CARRIED if has_live else ()), *steps.ALWAYS):
            owner.execute(sql.SQL(statement).format(**names))
    # Foreign keys are checked now: a table with checks that wait cannot be altered.
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    _force(owner, schemas[:1], forced=True)


def _force(owner: psycopg.Connection[Any], schemas: list[str], *, forced: bool) -> None:
    word = sql.SQL("FORCE") if forced else sql.SQL("NO FORCE")
    statements = [
        sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(sql.Identifier(schema, table), word)
        for schema in schemas
        for table in _tables(owner, schema)
    ]
    owner.execute(sql.SQL("; ").join(statements))
