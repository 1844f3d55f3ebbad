"""Takes a workspace away for good: keys first, so that whatever is left of it can no longer be opened."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from tenants import keys, structure
from tenants.models import State
from tenants.workspace import WorkspaceRef


def remove(workspace: WorkspaceRef) -> None:
    """Shred the keys, drop the schema and both roles, free the host. May be repeated after a crash."""
    with structure.owner_session() as owner:
        owner.execute("UPDATE public.workspaces SET state = %s WHERE id = %s", [State.DELETING, workspace.id])
        owner.execute("DELETE FROM public.wrapped_keys WHERE workspace_id = %s", [workspace.id])
        keys.forget(workspace.id)
        owner.execute("DELETE FROM public.bells WHERE workspace_id = %s", [workspace.id])
        owner.execute("DELETE FROM public.domains WHERE workspace_id = %s", [workspace.id])
        owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(workspace.schema)))
        _drop_roles(owner, workspace)
        owner.execute("DELETE FROM public.sign_ups WHERE workspace_id = %s", [workspace.id])
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
