"""Takes a workspace away for good: keys first, so that whatever is left of it can no longer be opened.

    deleting --grace over, rows counted--> deleted --keys, schema, roles, directory--> a receipt

From `deleted` there is no way back, and each step may be repeated: a worker killed anywhere is followed by
one that goes on. The directory's row goes last, in the transaction that completes the receipt.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string
from psycopg import sql
from psycopg.types.json import Jsonb

from tenants import rekeying, shape, structure
from tenants.binding import bound
from tenants.models import State
from tenants.workspace import WorkspaceRef

# A removed name is not given to others as long as a backup, a link or a bookmark may still know it.
NAME_RESTS = timedelta(days=180)


def remove(workspace: WorkspaceRef) -> None:
    """Remove at once, without a grace and, if none was asked for, without a receipt."""
    with structure.owner_session() as owner:
        _point_of_no_return(owner, workspace)
        _finish(owner, workspace)


def remove_due(workspace: WorkspaceRef) -> bool:
    """Remove a workspace whose grace has ended, or go on where an earlier attempt stopped."""
    with structure.owner_session() as owner:
        if workspace.state != State.DELETED:
            if not _is_due(owner, workspace):
                return False
            _write_receipt(owner, workspace)
            _point_of_no_return(owner, workspace)
        _finish(owner, workspace)
    return True


def _is_due(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> bool:
    return (
        owner.execute(
            "SELECT 1 FROM public.workspaces WHERE id = %s AND state = %s AND delete_after <= now()",
            [workspace.id, State.DELETING],
        ).fetchone()
        is not None
    )


def _write_receipt(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """Count what is about to go, with the workspace's own login: nobody else sees its rows."""
    found = shape.relations(owner, workspace.schema)
    tables = [each.name for each in found if each.is_table and not each.is_partition]
    with bound(workspace), connections["default"].cursor() as cursor:
        for function in settings.BEFORE_REMOVAL:
            import_string(function)()
        rows = {}
        for table in tables:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            rows[table] = cursor.fetchone()[0]
    owner.execute(
        "UPDATE public.removals SET rows = %s,"
        " keys = (SELECT count(*) FROM public.wrapped_keys WHERE workspace_id = %s) WHERE id = %s",
        [Jsonb(rows), workspace.id, workspace.id],
    )


def _point_of_no_return(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    owner.execute("UPDATE public.workspaces SET state = %s WHERE id = %s", [State.DELETED, workspace.id])


def _finish(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    rekeying.shred(owner, workspace.id)
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(workspace.schema)))
    _drop_roles(owner, workspace)
    with owner.transaction():
        _forget(owner, workspace)


def _forget(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """Take it out of the directory; its names rest, and the receipt (if there is one) is complete."""
    done = owner.execute(
        "UPDATE public.removals SET removed_at = now(), backups_gone_by = now() + %s"
        " WHERE id = %s AND removed_at IS NULL RETURNING 1",
        [timedelta(days=settings.BACKUP_DAYS), workspace.id],
    ).fetchone()
    if done:
        owner.execute(
            "INSERT INTO public.former_slugs (slug) VALUES (%s) ON CONFLICT (slug) DO NOTHING",
            [workspace.slug],
        )
        owner.execute(
            "UPDATE public.former_slugs SET workspace_id = NULL, free_after = now() + %s"
            " WHERE workspace_id = %s OR slug = %s",
            [NAME_RESTS, workspace.id, workspace.slug],
        )
    for table in ("error_servers", "bells", "domains", "domain_claims", "former_slugs", "sign_ups"):
        owner.execute(
            sql.SQL("DELETE FROM public.{} WHERE workspace_id = %s").format(sql.Identifier(table)),
            [workspace.id],
        )
    owner.execute("DELETE FROM public.workspaces WHERE id = %s", [workspace.id])


def _drop_roles(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    login, app = sql.Identifier(workspace.login_role), sql.Identifier(workspace.app_role)
    if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [workspace.login_role]).fetchone():
        owner.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(login))
        owner.execute(
            sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(
                sql.Identifier(settings.DATABASE_SERVER["NAME"]), login
            )
        )
        owner.execute(sql.SQL("DROP ROLE {}").format(login))
    owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(app))
