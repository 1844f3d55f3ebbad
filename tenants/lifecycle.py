"""A workspace's life after its birth: closed and opened, renamed, deleted after a grace.

    active <-> suspended            suspend, resume        the operators
    active, suspended -> deleting   schedule_delete        an owner, or the operators
    deleting -> what it was         cancel_delete          until the grace ends
    deleting -> deleted             remove_due             the provisioning worker, when the grace has ended

Each move is a compare-and-set in the directory (migration 0004): who comes second is told so. What takes the
owner's login (a new name, the removal) is asked for here and done by `tenants.upkeep` on the provisioning
worker. Functions take the workspace's id, so that web, console and commands call them alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from tenants import directory
from tenants.errors import BoundaryError
from tenants.workspace import check_slug

GRACE = timedelta(days=14)


class IllegalMove(BoundaryError):
    """The workspace is not, or no longer, in a state from which it could go there."""


class SlugTaken(BoundaryError):
    """Another workspace has the name, had it, or has just asked for it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is kept of a removed workspace; `removed_at` is None while it still can be cancelled."""

    id: UUID
    slug: str
    region: str
    asked_by: str
    asked_at: datetime
    rows: dict[str, int]
    keys: int
    delete_after: datetime | None
    removed_at: datetime | None
    backups_gone_by: datetime | None


def suspend(workspace: UUID, *, reason: str) -> None:
    """Close the workspace: nobody signs in, nothing is sent. `reason` is shown on its host."""
    if not _answer("SELECT public.suspend_workspace(%s, %s)", [workspace, reason.strip()]):
        raise IllegalMove("Only an active workspace can be suspended.")


def resume(workspace: UUID) -> None:
    if not _answer("SELECT public.resume_workspace(%s)", [workspace]):
        raise IllegalMove("Only a suspended workspace can be resumed.")


def schedule_delete(
    workspace: UUID, *, asked_by: str, token_hash: bytes | None = None, grace: timedelta = GRACE
) -> datetime:
    """Close the workspace now and remove it when the grace (at least a day) has ended; returns when that is.

    `asked_by` is "owner" or "operator"; `token_hash` is that of a link by which the receipt can be read.
    """
    asked = [workspace, timezone.now() + grace, asked_by, token_hash]
    ends = _answer("SELECT public.schedule_delete(%s, %s, %s, %s)", asked)
    if ends is None:
        raise IllegalMove("Only an active or suspended workspace can be deleted.")
    assert isinstance(ends, datetime)
    return ends


def cancel_delete(workspace: UUID) -> None:
    """Keep the workspace, in the state it had before."""
    if not _answer("SELECT public.cancel_delete(%s)", [workspace]):
        raise IllegalMove("The workspace is not waiting to be deleted, or its grace has ended.")


def rename(workspace: UUID, slug: str) -> None:
    """Ask for another name. It is carried out by the provisioning worker, within seconds.

    Raises `BadSlug`, `SlugTaken`, or `IllegalMove` while it is not active or an earlier rename waits.
    """
    host = f"{check_slug(slug)}.{settings.APEX.hostname}"
    answer = _answer("SELECT public.ask_rename(%s, %s, %s)", [workspace, slug, host])
    if answer == "taken":
        raise SlugTaken(f"The address {slug} belongs to another workspace. Choose another one.")
    if answer != "asked":
        raise IllegalMove("The workspace has this address, is not open, or is being renamed already.")


def receipt(token_hash: bytes) -> Receipt | None:
    """The receipt of the removal whose link has this token, before and after the removal itself."""
    found = directory.rows("SELECT * FROM public.removal_by_token(%s)", [token_hash], using=_alias())
    if not found:
        return None
    shown = Receipt(*found[0])
    return replace(shown, rows=json.loads(str(shown.rows)))


def _alias() -> str:
    """The control plane's connection of this process: the owner's where it is held, else its own login's."""
    return "owner" if "owner" in connections.databases else "directory"


def _answer(sql: str, params: list[Any]) -> object:
    with transaction.atomic(using=_alias()):
        ((answer,),) = directory.rows(sql, params, using=_alias())
    return answer
