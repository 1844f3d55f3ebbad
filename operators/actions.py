"""What operators change, besides the entries of the public site: other operators, workspaces, domains.

Each is one transaction on the directory with its line in the record. What touches a workspace names it, and
that workspace's own audit log is told (`operators.record`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from operators import signing_in
from operators.errors import Refused
from operators.events import Event
from operators.models import Operator
from operators.record import DIRECTORY, By, atomically, record
from operators.sessions import hash_of
from paitho.lib.ids import uuid7
from tenants import lifecycle
from tenants.errors import BoundaryError
from tenants.models import Workspace
from tenants.plans import PLANS
from tenants.workspace import check_slug

# --- operators -------------------------------------------------------------------------------------


def invite(email: str, name: str, *, by: By) -> tuple[Operator, str]:
    """Make an operator, or give a known one a fresh start; returns the token of the set-up link.

    Who loses password or factors is invited again: the link replaces all of them when it is used.
    """
    with atomically():
        operator, is_new = Operator.objects.get_or_create(
            email=email.strip().lower(), defaults={"name": name, "password": "!"}
        )
        if not is_new and not operator.is_active:
            operator.is_active, operator.name = True, name or operator.name
            operator.save(update_fields=["is_active", "name"])
        token = signing_in.new_link(operator)
        record(Event.OPERATOR_INVITED, about=operator, by=by)
    return operator, token


def remove(operator: Operator, *, by: By) -> None:
    """End an operator's access at once. Raises `Refused` for oneself: so one always stays."""
    if operator.pk == by.id:
        raise Refused("Another operator has to remove you.")
    with atomically():
        operator.sessions.all().delete()
        operator.passkeys.all().delete()
        operator.is_active, operator.totp, operator.link_hash, operator.link_until = False, None, None, None
        operator.set_unusable_password()
        operator.save()
        record(Event.OPERATOR_REMOVED, about=operator, by=by)


def change_password(operator: Operator, password: str, *, by: By) -> None:
    """Set it, and end every session; the caller keeps the one it is in."""
    with atomically():
        operator.set_password(password)
        operator.save(update_fields=["password"])
        record(Event.PASSWORD_CHANGED, about=operator, by=by)


def end_sessions(operator: Operator, *, but: str, by: By) -> int:
    """Sign the operator out everywhere but in the session with that key; returns how many ended."""
    with atomically():
        gone, _ = operator.sessions.exclude(key_hash=hash_of(but)).delete()
        record(Event.SESSIONS_ENDED, about=operator, by=by, sessions=gone)
    return gone


# --- workspaces ------------------------------------------------------------------------------------


def create_workspace(slug: str, plan: str, *, by: By) -> tuple[Workspace, str]:
    """Reserve the name in this region and ring the provisioning bell.

    Returns the token of the link for the first owner, whose address the console never learns.
    Raises `Refused` or `BadSlug`.
    """
    host = f"{check_slug(slug)}.{settings.APEX.hostname}"
    with atomically():
        made = _answer(
            "SELECT public.open_workspace(%s, %s, %s, %s, %s)", uuid7(), slug, settings.REGION, host, plan
        )
        if made is None:
            raise Refused(f"The address {slug} belongs to another workspace. Choose another one.")
        workspace = Workspace.objects.get(pk=made)
        token = _new_owner_link(workspace)
        record(Event.WORKSPACE_CREATED, about=workspace, by=by, workspace=workspace.pk, plan=plan)
    return workspace, token


def renew_owner_link(workspace: Workspace, *, by: By) -> str:
    """A new link for the first owner; it is worthless once the workspace has one."""
    with atomically():
        token = _new_owner_link(workspace)
        record(Event.OWNER_LINK_MADE, about=workspace, by=by, workspace=workspace.pk)
    return token


def suspend(workspace: Workspace, reason: str, *, by: By) -> None:
    """Raises `Refused`."""
    if not reason.strip():
        raise Refused("Say why: the reason is shown on the workspace's host and in its audit log.")
    with atomically():
        _move(lifecycle.suspend, workspace.pk, reason=reason)
        record(Event.WORKSPACE_SUSPENDED, about=workspace, by=by, workspace=workspace.pk, reason=reason)


def resume(workspace: Workspace, *, by: By) -> None:
    """Raises `Refused`."""
    with atomically():
        _move(lifecycle.resume, workspace.pk)
        record(Event.WORKSPACE_RESUMED, about=workspace, by=by, workspace=workspace.pk)


def schedule_delete(workspace: Workspace, *, by: By) -> None:
    """Close the workspace, and have it removed when the grace has ended. Raises `Refused`."""
    with atomically():
        ends = _move(lifecycle.schedule_delete, workspace.pk, asked_by="operator")
        record(Event.DELETE_SCHEDULED, about=workspace, by=by, workspace=workspace.pk, ends=str(ends))


def cancel_delete(workspace: Workspace, *, by: By) -> None:
    """Raises `Refused`."""
    with atomically():
        _move(lifecycle.cancel_delete, workspace.pk)
        record(Event.DELETE_CANCELLED, about=workspace, by=by, workspace=workspace.pk)


def set_plan(workspace: Workspace, plan: str, *, by: By) -> None:
    """Raises `Refused` for a plan that does not exist."""
    if plan not in PLANS:
        raise Refused("There is no such plan.")
    with atomically():
        was = workspace.plan
        _answer("SELECT public.set_plan(%s, %s)", workspace.pk, plan)
        record(Event.PLAN_SET, about=workspace, by=by, workspace=workspace.pk, was=was, now=plan)


def ring_again(workspace: Workspace, *, by: By) -> None:
    """Have the provisioning worker look at the workspace now."""
    with atomically():
        _answer("SELECT public.ring(%s, 'provision', now())", workspace.pk)
        record(Event.WORKSPACE_RETRIED, about=workspace, by=by, workspace=workspace.pk)


def _new_owner_link(workspace: Workspace) -> str:
    token, token_hash = signing_in.new_token()
    if not _answer("SELECT public.offer_workspace(%s, %s, %s)", uuid7(), workspace.pk, token_hash):
        raise Refused("The workspace is being deleted.")
    return token


# --- domains ---------------------------------------------------------------------------------------


def prefer_domain(workspace: Workspace, host: str, *, by: By) -> None:
    """Raises `Refused`."""
    with atomically():
        if not _answer("SELECT public.prefer_domain(%s, %s)", workspace.pk, host):
            raise Refused("That host is not proved, or only leads on to another one.")
        record(Event.DOMAIN_MADE_PRIMARY, about=workspace, by=by, workspace=workspace.pk, host=host)


def drop_domain(workspace: Workspace, host: str, *, by: By) -> None:
    """Take a domain, or the claim to one, from its workspace. Raises `Refused`."""
    with atomically():
        if not _answer("SELECT public.drop_domain(%s, %s)", workspace.pk, host):
            raise Refused("Only a domain of the workspace's own can be removed.")
        record(Event.DOMAIN_REMOVED, about=workspace, by=by, workspace=workspace.pk, host=host)


def _move(move: Callable[..., object], workspace: UUID, **how: object) -> object:
    try:
        return move(workspace, **how)
    except BoundaryError as error:
        raise Refused(str(error)) from error


def _answer(sql: str, *params: Any) -> Any:
    with connections[DIRECTORY].cursor() as cursor:
        cursor.execute(sql, list(params))
        row = cursor.fetchone()
    return row[0] if row else None
