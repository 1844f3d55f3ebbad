"""The moment of a restore: live and restored schema change names, and nothing that must last is lost.

What is carried from the live schema, and what is put right in the restored one, belongs to the floors above:
`settings.RESTORE_STEPS` names modules with three tuples of SQL: `CARRIED` (when there is a live schema) and
`ALWAYS` run while the tables are locked, `PREPARED` before that. `{new}` is the restored schema, `{live}` the
live one.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
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


def swap(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> tuple[bool, int]:
    """Put the restored schema in the live one's place.

    Returns whether there was a live one, and the milliseconds for which its locks were held. Waits for the
    workspace's open transactions, a moment at a time, so that nobody queues behind us for long.
    """
    target = beside(workspace)
    replaced = sql.Identifier(target.replaced)
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(replaced))
    plan = _plan(workspace, target, has_live=bool(_tables(owner, workspace.schema)))
    with owner.transaction():
        for statement in plan.before:
            owner.execute(statement)
    for attempt in range(1, TRIES + 1):
        try:
            held = exchange(owner, workspace, target, plan)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if attempt == TRIES:
                raise BackupError("The workspace is too busy to be replaced. Try again.") from None
            time.sleep(0.2)
        else:
            break
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(replaced))
    return plan.has_live, held


@dataclass(frozen=True, slots=True)
class Plan:
    """The statements of a swap: those that disturb nobody, and those that run while the tables are locked."""

    has_live: bool
    before: list[sql.Composed]
    during: list[sql.Composed]


def _plan(workspace: WorkspaceRef, target: Beside, *, has_live: bool) -> Plan:
    """The floors' steps, as the tables' owner: row policies of what they name are set aside and put back."""
    modules = [import_module(path) for path in settings.RESTORE_STEPS]
    prepared = [text for steps in modules for text in steps.PREPARED] if has_live else []
    texts: list[str] = []
    for steps_of in modules:
        texts += [*(steps_of.CARRIED if has_live else ()), *steps_of.ALWAYS]
    names = {"live": sql.Identifier(workspace.schema), "new": sql.Identifier(target.schema)}
    touched = {key: _named(key, texts) - _moved(texts) for key in names}

    def force(key: str, word: str) -> list[sql.Composed]:
        text = "ALTER TABLE {{{}}}.{} {} ROW LEVEL SECURITY"
        return [sql.SQL(text.format(key, table, word)).format(**names) for table in sorted(touched[key])]

    steps: list[sql.Composed] = [sql.SQL(text).format(**names) for text in texts]
    before = [sql.SQL(text).format(**names) for text in prepared]
    # Foreign keys are checked before a table is altered again: one with checks that wait cannot be.
    checked = [sql.Composed([sql.SQL("SET CONSTRAINTS ALL IMMEDIATE")])]
    during = [*force("live", "NO FORCE"), *steps, *checked, *force("new", "FORCE")]
    return Plan(has_live, [*before, *force("new", "NO FORCE")], during)


def _named(key: str, texts: list[str]) -> set[str]:
    """The tables that the steps name in one of the schemas."""
    return {name for text in texts for name in re.findall(rf"\{{{key}\}}\.([a-z_]+)\b(?!\()", text)}


def _moved(texts: list[str]) -> set[str]:
    """Tables that change schemas as they are, guards and all."""
    return {
        name for text in texts for name in re.findall(r"ALTER TABLE \{live\}\.([a-z_]+) SET SCHEMA", text)
    }


def exchange(owner: psycopg.Connection[Any], workspace: WorkspaceRef, target: Beside, plan: Plan) -> int:
    """One try, in one transaction. Raises what PostgreSQL raises when a lock cannot be had."""
    live, new = sql.Identifier(workspace.schema), sql.Identifier(target.schema)
    with owner.transaction():
        owner.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT))
        if plan.has_live:
            _lock(owner, workspace.schema)
        began = time.monotonic()
        during = list(plan.during)
        if plan.has_live:
            old = sql.Identifier(target.replaced)
            during.append(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(live, old))
        during.append(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(new, live))
        owner.execute(sql.SQL(";\n").join(during))
    return int((time.monotonic() - began) * 1000)


def _tables(owner: psycopg.Connection[Any], schema: str) -> list[str]:
    return [table for (table,) in owner.execute(TABLES, [schema]).fetchall()]


def _lock(owner: psycopg.Connection[Any], schema: str) -> None:
    names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in _tables(owner, schema))
    owner.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
