"""Gives a workspace its new name: schema, both roles, policies, host; the old host leads to the new one.

One transaction, once no slice of background work is under way: what is sent while the login changes its
name would have to be written down under a name that is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from tenants import structure
from tenants.models import HostKind, State
from tenants.workspace import WorkspaceRef

BUSY = """
    SELECT EXISTS (SELECT 1 FROM public.bells WHERE workspace_id = %s AND kind <> 'provision'
                   AND claimed_until > clock_timestamp())
"""


def is_busy(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> bool:
    """Whether a slice of background work is under way; no new one begins while a rename waits."""
    found = owner.execute(BUSY, [workspace.id]).fetchone()
    return found is not None and bool(found[0])


def rename(owner: psycopg.Connection[Any], workspace: WorkspaceRef, slug: str) -> WorkspaceRef:
    """Raises `psycopg.errors.LockNotAvailable` while a page of the workspace holds its tables."""
    renamed = replace(workspace, slug=slug)
    with owner.transaction():
        owner.execute("SET LOCAL lock_timeout = '3s'")
        for kind, was, now in (
            ("SCHEMA", workspace.schema, renamed.schema),
            ("ROLE", workspace.app_role, renamed.app_role),
            ("ROLE", workspace.login_role, renamed.login_role),
        ):
            owner.execute(
                sql.SQL("ALTER {} {} RENAME TO {}").format(
                    sql.SQL(kind), sql.Identifier(was), sql.Identifier(now)
                )
            )
        structure.set_role_settings(owner, renamed)
        structure.secure(owner, renamed)
        _move_host(owner, workspace, renamed)
    return renamed


def _move_host(owner: psycopg.Connection[Any], was: WorkspaceRef, now: WorkspaceRef) -> None:
    """The new host takes the old one's place, first or not; the old name stays this workspace's own."""
    owner.execute(
        "UPDATE public.workspaces SET slug = %s, wanted_slug = '' WHERE id = %s AND state = %s",
        [now.slug, now.id, State.ACTIVE],
    )
    owner.execute("DELETE FROM public.former_slugs WHERE slug = %s", [now.slug])
    owner.execute("INSERT INTO public.former_slugs (slug, workspace_id) VALUES (%s, %s)", [was.slug, was.id])
    host, former = f"{now.slug}.{settings.APEX.hostname}", f"{was.slug}.{settings.APEX.hostname}"
    owner.execute(
        "UPDATE public.domains SET verified_at = coalesce(verified_at, now()), kind = %s, is_primary ="
        " (SELECT is_primary FROM public.domains WHERE host = %s) WHERE host = %s",
        [HostKind.SLUG, former, host],
    )
    owner.execute(
        "UPDATE public.domains SET kind = %s, is_primary = false WHERE host = %s", [HostKind.FORMER, former]
    )
