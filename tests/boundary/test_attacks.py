"""The red team in SQL: each attack of the list, on a live session of Acme, ends as the list says."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

from tenants.logins import password_of
from tenants.workspace import WorkspaceRef
from tests.boundary.attacks import ATTACKS, SECURITY, Attack, written
from tests.world import mole, olga


def session_of(workspace: WorkspaceRef) -> psycopg.Connection:
    """What an attacker has: the workspace's own login, autocommit, and no Django."""
    server = settings.DATABASE_SERVER
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        dbname=server["NAME"],
        user=workspace.login_role,
        password=password_of(workspace).reveal(),
        autocommit=True,
    )


@pytest.fixture(scope="module")
def tables(_workspaces, superuser) -> dict[str, list[str]]:
    """Every table of Rival and of the directory, from the catalog."""
    found = superuser.execute(
        "SELECT n.nspname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('tenant_rival', 'public') AND c.relkind IN ('r', 'p') ORDER BY 2"
    ).fetchall()
    listed = {name: [table for schema, table in found if schema == name] for name, _ in found}
    assert len(listed["tenant_rival"]) > 40
    assert len(listed["public"]) > 8
    return {"{table}": listed["tenant_rival"], "{public}": listed["public"]}


@pytest.fixture
def people(world):
    olga(world)
    mole(world)
    return world


def versions(attack: Attack, tables: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """The attack's statements, once for each table that it stands for."""
    mark = next((mark for mark in tables if mark in "".join(attack.tries)), None)
    if mark is None:
        yield attack.tries
        return
    for table in tables[mark]:
        yield tuple(one.replace(mark, table) for one in attack.tries)


def outcome(session: psycopg.Connection, tries: tuple[str, ...]) -> object:
    """The SQLSTATE that ended the last try, "warned" where the server only warned, or its first value."""
    warnings: list[str] = []
    session.add_notice_handler(lambda notice: warnings.append(notice.severity_nonlocalized or ""))
    *first, last = tries
    for statement in first:
        session.execute(statement.encode())
    try:
        done = session.execute(last.encode())
    except psycopg.Error as error:
        return error.sqlstate
    if "WARNING" in warnings:
        return "warned"
    row = done.fetchone() if done.description else None
    return row[0] if row else None


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.slug)
def test_the_attack_ends_as_the_list_says(people, tables, attack):
    with session_of(people.acme) as session:
        for tries in versions(attack, tables):
            ended = outcome(session, tries)
            session.rollback()

            assert ended in attack.states if attack.states else ended == attack.answer, (tries, ended)


def test_the_table_in_the_security_page_is_this_list():
    """Run `python -m tests.boundary.attacks` after a change of the list."""
    text = SECURITY.read_text()

    assert written(text) == text
