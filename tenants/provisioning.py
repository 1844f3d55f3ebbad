"""Makes a workspace, step by step, on the provisioning worker with the owner's login.

    reserved -> keys -> roles -> done (state: active)

Each step looks at what is there and adds what is missing, so that a worker killed anywhere is
followed by one that ends in the same state. The steps' order is that of need: the login's password
is wrapped before the login exists, and the schema, its policies and its grants are one transaction.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings

from keychain.crypto.kms import Context
from paitho.lib.ids import uuid7
from tenants import keys, schema, structure
from tenants.directory import by_id
from tenants.logins import new_password
from tenants.models import Purpose, State, Step
from tenants.workspace import BadSlug, WorkspaceRef, check_slug

HAS_HOST = "SELECT 1 FROM public.domains WHERE host = %s AND workspace_id = %s"


def reserve(owner: psycopg.Connection[Any], slug: str, *, region: str, host: str) -> UUID:
    """Take the slug and the host for a new workspace, or find the one that has them.

    Raises `BadSlug` for a name that is another's former one, or a host that is another workspace's.
    """
    check_slug(slug)
    with owner.transaction():
        owner.execute(
            "INSERT INTO public.workspaces (id, slug, region, state, step, schema_version, plan, problem,"
            " created_at) SELECT %s, %s, %s, %s, %s, 0, 'trial', '', now() WHERE public.slug_is_free(%s)"
            " ON CONFLICT (slug) DO NOTHING",
            [uuid7(), slug, region, State.PENDING, Step.RESERVED, slug],
        )
        found = owner.execute("SELECT id FROM public.workspaces WHERE slug = %s", [slug]).fetchone()
        if found is None:
            raise BadSlug("That address was another workspace's, and rests.")
        owner.execute(
            "INSERT INTO public.domains (host, workspace_id, is_primary, verified_at)"
            " VALUES (%s, %s, true, now()) ON CONFLICT (host) DO NOTHING",
            [host, found[0]],
        )
        if not owner.execute(HAS_HOST, [host, found[0]]).fetchone():
            raise BadSlug("That host is another workspace's.")
    return UUID(str(found[0]))


def provision(workspace_id: UUID) -> WorkspaceRef:
    """Bring a pending workspace to life from wherever an earlier attempt left it."""
    workspace = by_id(workspace_id)
    if workspace.state != State.PENDING:
        return workspace
    with structure.owner_session() as owner:
        make_keys(owner, workspace)
        _step(owner, workspace, Step.KEYS)
        structure.make_roles(owner, workspace, keys.open_latest(workspace.id, Purpose.LOGIN))
        _step(owner, workspace, Step.ROLES)
        schema.apply(owner, workspace, schema.versions_after(owner, workspace.schema_version))
        _step(owner, workspace, Step.DONE)
        ring_always(owner, workspace)
        owner.execute(
            "UPDATE public.workspaces SET state = %s WHERE id = %s AND state = %s",
            [State.ACTIVE, workspace.id, State.PENDING],
        )
    return by_id(workspace_id)


def ring_always(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """Bells that nobody rings later: their work comes back by itself, spread over the hours.

    Retention runs at once: it makes the audit log's months ahead.
    """
    owner.execute(
        "INSERT INTO public.bells (workspace_id, kind, due_at)"
        " SELECT %s, kind, now() + CASE kind WHEN 'retention' THEN interval '0'"
        " ELSE interval '1 hour' * (1 + random()) END FROM unnest(%s::text[]) AS kind"
        " ON CONFLICT DO NOTHING",
        [workspace.id, settings.ALWAYS_RUNG],
    )


def make_keys(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """The login's password, the data key and the index key, each wrapped and in version 1."""
    kms = keys.cell_kms()
    held = {
        purpose
        for (purpose,) in owner.execute(
            "SELECT purpose FROM public.wrapped_keys WHERE workspace_id = %s", [workspace.id]
        )
    }
    for purpose in (Purpose.LOGIN, Purpose.DATA, Purpose.INDEX):
        if purpose in held:
            continue
        context = Context(workspace=workspace.id, purpose=purpose.value, version=1)
        wrapped = kms.wrap(new_password(), context) if purpose is Purpose.LOGIN else kms.generate(context)[1]
        owner.execute(
            "INSERT INTO public.wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)"
            " VALUES (%s, %s, 1, %s, %s, now()) ON CONFLICT DO NOTHING",
            [workspace.id, purpose.value, kms.name, wrapped],
        )
    keys.forget(workspace.id)


def _step(owner: psycopg.Connection[Any], workspace: WorkspaceRef, step: Step) -> None:
    owner.execute("UPDATE public.workspaces SET step = %s WHERE id = %s", [step, workspace.id])
