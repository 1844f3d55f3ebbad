"""The console sees workspaces from outside: its login reads no row of theirs, and its pages show none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.operators.conftest import ROOT, environment
from tests.world import olga

# What a stranger may ask for; everything else leads to the sign-in page.
OPEN = {"sign_in", "factor", "join", "sign_out", "admin:login", "admin:logout"}
LIST_URLS = """
import json, django
django.setup()
from django.urls import URLPattern, get_resolver
def walk(resolver, prefix, space):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield space + (entry.name or ""), prefix + str(entry.pattern)
        else:
            inner = space + (entry.namespace + ":" if entry.namespace else "")
            yield from walk(entry, prefix + str(entry.pattern), inner)
print(json.dumps(list(walk(get_resolver(), "/", ""))))
"""


@pytest.fixture
def ops(world) -> Iterator[psycopg.Connection]:
    """A session of the console's login."""
    olga(world)
    with psycopg.connect(
        host=os.environ["PAITHO_DATABASE_HOST"],
        port=os.environ["PAITHO_DATABASE_PORT"],
        dbname="paitho_main",
        user="paitho_ops",
        password=os.environ["PAITHO_OPS_PASSWORD"],
        autocommit=True,
    ) as line:
        yield line


def test_the_consoles_login_reads_no_tenant_row(ops, superuser):
    """Every table of every workspace's schema, one by one, and the reference schema's."""
    tables = superuser.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE (n.nspname LIKE 'tenant\\_%' OR n.nspname = 'workspace_reference')"
        " AND c.relkind IN ('r', 'p', 'v', 'm')"
    ).fetchall()
    assert {"tenant_acme", "tenant_rival"} <= {schema for schema, _ in tables}

    for schema, table in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ops.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(schema, table)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ops.execute(sql.SQL("TABLE {}").format(sql.Identifier(schema, table)))


def test_the_consoles_login_becomes_nobody_else(ops, superuser):
    roles = superuser.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_%' OR rolname LIKE 'paitho\\_%'"
    ).fetchall()

    for (role,) in roles:
        if role == "paitho_ops":
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ops.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM public.wrapped_keys",
        "SELECT * FROM public.sign_ups",
        "SELECT * FROM public.wrapped_keys_of(gen_random_uuid())",
        "SELECT * FROM public.sign_up_by_token('x'::bytea)",
        "SELECT statements FROM public.schema_changes",
        "SELECT sealed FROM public.subscribers",
        "UPDATE public.workspaces SET slug = 'taken'",
        "DELETE FROM public.workspaces",
        "UPDATE public.domains SET workspace_id = workspace_id",
        "INSERT INTO public.domains (host, is_primary) VALUES ('evil.example', true)",
        "UPDATE public.operations SET operator = 'somebody else'",
        "DELETE FROM public.operations",
        "TRUNCATE public.operations",
        "DELETE FROM public.operators",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
    ],
)
def test_the_consoles_login_is_refused(ops, statement):
    """Guards keys, sign-ups, the hosts that lead to workspaces, and the record itself."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ops.execute(statement)


def test_the_web_login_reaches_nothing_of_the_operators(world):
    from django.db import DatabaseError, connections

    for table in ("operators", "operator_sessions", "operator_passkeys", "operations"):
        with connections["directory"].cursor() as cursor, pytest.raises(DatabaseError, match="permission"):
            cursor.execute(f"SELECT 1 FROM public.{table}")


def test_the_record_is_not_even_rewritten_by_the_owner(console, ada):
    """Guards the trigger: the owner holds every right on the table."""
    from tenants import structure

    console.post("/me/sessions/end/", form="/me/")
    with structure.owner_session() as owner:
        for statement in (
            "UPDATE public.operations SET operator = 'x'",
            "DELETE FROM public.operations",
            "TRUNCATE public.operations",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(statement)


def test_no_model_of_a_workspace_is_known_to_the_console():
    code = (
        "import django; django.setup(); from django.apps import apps;"
        "print(sorted({m._meta.app_label for m in apps.get_models()}))"
    )
    told = {**environment(1), "PYTHONPATH": str(ROOT)}

    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=told, capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "['admin', 'auth', 'contenttypes', 'operators', 'tenants', 'trust']"


def test_the_console_does_not_start_without_its_settings():
    said = subprocess.run(
        [sys.executable, "-c", "import paitho.wsgi_ops"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode != 0
    for name in ("PAITHO_OPS_PASSWORD", "PAITHO_OPS_ORIGIN", "PAITHO_SECRET_KEY", "PAITHO_REDIS_URL"):
        assert name in said.stderr


def test_a_stranger_is_led_to_sign_in_from_every_page(console):
    """Guards the site's gate: a new page without it fails here."""
    said = subprocess.run(
        [sys.executable, "-c", LIST_URLS],
        cwd=ROOT,
        env={**environment(1), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    asked, stranger = 0, console.another()
    for name, pattern in json.loads(said.stdout):
        if name in OPEN:
            continue
        path = as_path(pattern)
        answer = stranger.get(path, follow=False)
        assert answer.status_code == 302, (name, path)
        assert answer.headers["Location"].startswith(("/sign-in/", "/login/")), (name, path)
        asked += 1
    assert asked > 40


@pytest.mark.parametrize(
    "path",
    [
        "/operators/operation/?event=%00", "/operators/operation/?q=%00", "/tenants/workspace/?q=x%00",
        "/tenants/workspace/?state__exact=%00", "/sign-in/?next=%00", "/trust/entry/%00/change/",
        "/tenants/workspace/?%00=1",
    ],
)  # fmt: skip
def test_what_the_database_cannot_hold_is_a_bad_request(console, path):
    """A scanner sent it; the answer was a 500."""
    assert console.get(path, follow=False).status_code in {400, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/tenants/workspace/?state=%27", "/tenants/workspace/?p=-1", "/tenants/workspace/?o=99.x",
        "/operators/operation/?at__gte=never", "/operators/operation/?at__year=x",
        "/trust/posturerun/x/change/",
        "/tenants/workspace/x/change/", "/trust/entry/99999999999999999999/change/", "/trust/entry/?e=1",
        "/operators/operation/?workspace_id=x", "/tenants/domain/?workspace__id=x",
    ],
)  # fmt: skip
def test_nonsense_in_an_address_breaks_nothing(console, path):
    assert console.get(path).status_code < 500


def as_path(pattern: str) -> str:
    """An address that the pattern takes."""
    import re

    some = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda kind: some.get(kind.group(1) or "", "1"), pattern)
    path = path.replace("^(?P1trust|operators)/$", "trust/")
    path = re.sub(r"\^\(\?P(?:<\w+>|1)([a-z]+)[^/]*\)/\$", r"\1/", path)
    return "/x" if "(?P" in path else path
