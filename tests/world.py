"""The cast: Acme (Olga owns, Eddy administers, Rita is a member) and Rival (the Mole owns).

Both workspaces are made once for a test process by the real provisioning; rows are taken out after
each test. Builders here are plain functions that write through the product's own actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import psycopg
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test import Client

from accounts.models import Member, Role, WorkspaceProfile
from tenants import structure
from tenants.binding import bound
from tenants.directory import by_slug
from tenants.provisioning import provision, reserve
from tenants.workspace import WorkspaceRef

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class World:
    acme: WorkspaceRef
    rival: WorkspaceRef


def make_workspace(slug: str) -> WorkspaceRef:
    with structure.owner_session() as owner:
        uid = reserve(owner, slug, region="eu", host=f"{slug}.{settings.APEX.hostname}")
    return provision(uid)


def make_cast() -> World:
    """Acme and Rival, with the audit log as their first retention run leaves it, for fewer months."""
    cast = World(acme=make_workspace("acme"), rival=make_workspace("rival"))
    for workspace in (cast.acme, cast.rival):
        with bound(workspace), connections["default"].cursor() as cursor:
            cursor.execute("SELECT audit_log_make_ahead(1)")
    return cast


def find_cast() -> World:
    return World(acme=by_slug("acme"), rival=by_slug("rival"))


@cache
def hashed() -> str:
    """The cast's password, hashed once for a test process: argon2 is slow on purpose."""
    return make_password(PASSWORD)


def member(workspace: WorkspaceRef, name: str, role: Role) -> Member:
    """A member of `workspace` with a verified address `<name>@<slug>.example`."""
    from allauth.account.models import EmailAddress

    with bound(workspace):
        if not WorkspaceProfile.objects.exists():
            WorkspaceProfile(name=workspace.slug.title(), postal_address="1 Main St, 10115 Berlin").save()
        person = Member.objects.create_user(f"{name.lower()}@{workspace.slug}.example", name=name, role=role)
        Member.objects.filter(pk=person.pk).update(password=hashed())
        person.refresh_from_db()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        return person


def olga(world: World) -> Member:
    return member(world.acme, "Olga", Role.OWNER)


def olga_of(workspace: WorkspaceRef) -> Member:
    """An owner of any workspace."""
    return member(workspace, "Olga", Role.OWNER)


def eddy(world: World) -> Member:
    return member(world.acme, "Eddy", Role.ADMIN)


def rita(world: World) -> Member:
    return member(world.acme, "Rita", Role.MEMBER)


def mole(world: World) -> Member:
    return member(world.rival, "Mole", Role.OWNER)


def client_of(workspace: WorkspaceRef, person: Member | None = None) -> Client:
    """A browser on the workspace's host, signed in as `person`."""
    client = Client(HTTP_HOST=f"{workspace.slug}.localhost:8000")
    if person is not None:
        with bound(workspace):
            client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname LIKE 'tenant\\_%'
  AND c.relname <> 'django_migrations' ORDER BY 1
"""
CONTROL_PLANE = """
DELETE FROM public.bells; DELETE FROM public.sign_ups; DELETE FROM public.audit_heads;
DELETE FROM public.backups; DELETE FROM public.restore_drills; DELETE FROM public.former_slugs;
UPDATE public.workspaces SET created_at = now();
"""


@cache
def which_are_filled(tables: tuple[str, ...]) -> str:
    """One question about all tables, which the server plans once: most tests fill a few of them."""
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)


def empty_everything(superuser: psycopg.Connection[tuple[object, ...]]) -> None:
    """Take every row out of every workspace, as the superuser, who alone may touch the audit log."""
    tables = tuple(str(name) for (name,) in superuser.execute(TABLES))
    filled = superuser.execute(which_are_filled(tables), prepare=True).fetchall() if tables else []
    emptying = "".join(f"DELETE FROM {name};" for (name,) in filled)
    superuser.execute(
        f"BEGIN; SET LOCAL session_replication_role = replica; {emptying} {CONTROL_PLANE} COMMIT"
    )


def work(*, rounds: int = 50) -> None:
    """Do what the bells say is due, as the workers would, until nothing is."""
    from tenants import bells

    for _ in range(rounds):
        claimed = bells.claim(64)
        if not claimed:
            return
        for kind, workspace in claimed:
            bells.work_slice(kind, workspace)
    raise AssertionError("The work does not end.")
