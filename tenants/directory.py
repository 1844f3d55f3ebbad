"""Python's side of the directory's narrow functions (migration 0002_directory_functions)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from paitho.lib.ids import uuid7
from tenants.errors import UnknownWorkspace
from tenants.plans import PAID
from tenants.workspace import WorkspaceRef


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One wrapped key as the directory holds it."""

    purpose: str
    version: int
    kms: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class AskedSignUp:
    """A sign-up that waits; `state` is the workspace's once the address is verified."""

    id: UUID
    slug: str
    region: str
    sealed: bytes
    wrapped: bytes
    kms: str
    workspace: UUID | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Door:
    """What the directory says of a host: `moved_to` is set on one that the workspace has left."""

    workspace: WorkspaceRef
    moved_to: str | None
    reason: str
    delete_after: datetime | None


def rows(sql: str, params: Iterable[Any], *, using: str = "directory") -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())


def _refs(sql: str, wanted: object) -> WorkspaceRef:
    found = rows(sql, [wanted])
    if not found:
        raise UnknownWorkspace("There is no such workspace.")
    return WorkspaceRef(*found[0])


def by_host(host: str) -> WorkspaceRef:
    """The workspace that answers on `host` (no port). Raises `UnknownWorkspace`."""
    return _refs("SELECT * FROM public.workspace_by_host(%s)", host)


def door(host: str) -> Door:
    """What is behind `host` (no port). Raises `UnknownWorkspace`."""
    found = rows("SELECT * FROM public.door(%s)", [host])
    if not found:
        raise UnknownWorkspace("There is no such workspace.")
    return Door(WorkspaceRef(*found[0][:6]), *found[0][6:])


def slug_is_free(slug: str) -> bool:
    """Whether no workspace has the slug, had it, or has asked for it."""
    ((is_free,),) = rows("SELECT public.slug_is_free(%s)", [slug])
    return bool(is_free)


def by_id(wanted: UUID | str) -> WorkspaceRef:
    return _refs("SELECT * FROM public.workspace_by_id(%s::uuid)", str(wanted))


def by_slug(slug: str) -> WorkspaceRef:
    return _refs("SELECT * FROM public.workspace_by_slug(%s)", slug)


def host_of(workspace: WorkspaceRef) -> str:
    """The host (without port) of the workspace's pages."""
    ((host,),) = rows("SELECT public.primary_host(%s)", [workspace.id])
    if host is None:
        raise UnknownWorkspace("That workspace has no host.")
    return str(host)


def origin_of(workspace: WorkspaceRef) -> str:
    """Scheme, host and port of the workspace's pages, as in `https://acme.paitho.example`."""
    port = f":{settings.APEX.port}" if settings.APEX.port else ""
    return f"{settings.APEX.scheme}://{host_of(workspace)}{port}"


def wrapped_keys(workspace: UUID) -> list[Wrapped]:
    found = rows("SELECT purpose, version, kms, wrapped FROM public.wrapped_keys_of(%s)", [workspace])
    return [Wrapped(purpose, version, kms, bytes(wrapped)) for purpose, version, kms, wrapped in found]


def add_month_key(workspace: UUID, purpose: str, month: int, kms: str, wrapped: bytes) -> None:
    """Keep the wrap of a month's key, unless there is one already."""
    rows("SELECT public.add_month_key(%s, %s, %s, %s, %s)", [workspace, purpose, month, kms, wrapped])


def drop_month_key(workspace: UUID, purpose: str, month: int) -> bool:
    """Delete the wrap of a month's key; False while the month's logs are within their time.

    That is 90 days after the month for `llm`, 12 months for `audit`.
    """
    ((gone,),) = rows("SELECT public.drop_month_key(%s, %s, %s)", [workspace, purpose, month])
    return bool(gone)


def ring(workspace: UUID, kind: str, due: datetime) -> None:
    rows("SELECT public.ring(%s, %s, %s)", [workspace, kind, due])


def claim_bells(at_most: int, lease: timedelta, kinds: list[str]) -> list[tuple[UUID, str]]:
    return [
        (workspace, kind)
        for workspace, kind in rows("SELECT * FROM public.claim_bells(%s, %s, %s)", [at_most, lease, kinds])
    ]


def renew_bell(workspace: UUID, kind: str, lease: timedelta) -> None:
    """Hold a claimed bell for longer; one that was settled meanwhile stays settled."""
    rows("SELECT public.renew_bell(%s, %s, %s)", [workspace, kind, lease])


def settle_bell(workspace: UUID, kind: str, next_due: datetime) -> None:
    rows("SELECT public.settle_bell(%s, %s, %s)", [workspace, kind, next_due])


def begin_sign_up(asked: AskedSignUp, token_hash: bytes) -> bool:
    """Store a sign-up that waits for its address to be verified; False when the slug is taken."""
    ((answer,),) = rows(
        "SELECT public.begin_sign_up(%s, %s, %s, %s, %s, %s, %s)",
        [asked.id, asked.slug, asked.region, asked.sealed, asked.wrapped, asked.kms, token_hash],
    )
    return bool(answer == "begun")


def sign_up_by_token(token_hash: bytes) -> AskedSignUp | None:
    found = rows("SELECT * FROM public.sign_up_by_token(%s)", [token_hash])
    if not found:
        return None
    uid, slug, region, sealed, wrapped, kms, workspace, state = found[0]
    return AskedSignUp(uid, slug, region, bytes(sealed), bytes(wrapped), kms, workspace, state)


def verify_sign_up(token_hash: bytes, host: str) -> str:
    """Make the workspace's row and ring its bell: `verified`, `taken` or `unknown`."""
    ((answer,),) = rows("SELECT public.verify_sign_up(%s, %s, %s)", [token_hash, uuid7(), host])
    return str(answer)


def finish_sign_up(token_hash: bytes) -> None:
    rows("SELECT public.finish_sign_up(%s)", [token_hash])


def error_server(workspace: UUID) -> str:
    """The DSN of the server that a workspace on a paid plan named for its errors; empty without one."""
    ((dsn,),) = rows("SELECT coalesce(public.error_server_of(%s, %s), '')", [workspace, list(PAID)])
    return str(dsn)


def set_error_server(workspace: UUID, dsn: str) -> bool:
    """Name it, or with an empty DSN forget it; False when the plan is not a paid one."""
    ((is_set,),) = rows("SELECT public.set_error_server(%s, %s, %s)", [workspace, dsn, list(PAID)])
    return bool(is_set)


def publish_seal(workspace: UUID, number: int, sealed: bytes) -> None:
    """Keep the hash of a seal of the audit log outside its workspace."""
    rows("SELECT public.publish_seal(%s, %s, %s)", [workspace, number, sealed])


def published_seals(workspace: UUID) -> dict[int, bytes]:
    found = rows("SELECT * FROM public.published_seals(%s)", [workspace])
    return {number: bytes(sealed) for number, sealed in found}
