"""What hostile SQL leaves on a session, in a role or in a row harms its own workspace at most."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from accounts.models import Member
from tenants import drift, structure
from tenants.binding import bound
from tenants.structure import owner_session
from tests.boundary.test_attacks import session_of
from tests.world import mole, olga


@pytest.fixture(autouse=True)
def afresh(world):
    connections["default"].close_everything()
    yield
    connections["default"].close_everything()


def run(statement: str, params: list[object] | None = None) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, params)


@pytest.mark.parametrize(
    "left",
    [
        "SET ROLE NONE",
        "SET search_path = tenant_rival",
        "SET statement_timeout = 1",
        "PREPARE planted AS SELECT 1",
        "DECLARE planted CURSOR WITH HOLD FOR SELECT * FROM members",
        "LISTEN paitho",
    ],
)
def test_what_is_left_on_a_session_meets_no_other_workspace(world, left):
    """The pool hands a session out by workspace: give it another's and this fails."""
    mole(world)
    with bound(world.acme):
        run(left)

    with bound(world.rival), connections["default"].cursor() as cursor:
        assert Member.objects.count() == 1
        cursor.execute("SELECT current_user, current_setting('search_path')")
        assert cursor.fetchone() == ("tenant_rival_app", "tenant_rival, pg_temp")
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = 'planted'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name = 'planted'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_listening_channels()")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("statement", "params"),
    [
        ("SELECT 1; SELECT 2", None),
        ("SELECT %s; SELECT 2", [1]),
        ("SELECT 1; SET ROLE NONE", None),
        ("SELECT 1; COMMIT; DROP TABLE members", None),
    ],
)
def test_a_stacked_statement_is_refused_by_the_protocol(world, statement, params):
    """Set force_extended to False in the cursor and these run."""
    with bound(world.acme), pytest.raises(DatabaseError, match="multiple commands"):
        run(statement, params)


@pytest.mark.parametrize("alias", ["default", "directory"])
def test_both_connections_of_a_web_process_refuse_it(world, alias):
    refused = pytest.raises(DatabaseError, match="multiple commands")
    with bound(world.acme), connections[alias].cursor() as cursor, refused:
        cursor.execute("SELECT 1; SELECT 2")


def test_a_server_side_cursor_is_the_workspaces_own(world):
    olga(world)
    mole(world)
    with bound(world.acme), transaction.atomic():
        assert [member.name for member in Member.objects.iterator(chunk_size=1)] == ["Olga"]


HARMS_ITSELF = [
    ("ALTER ROLE tenant_acme_login SET search_path = tenant_rival", "search_path"),
    ("ALTER ROLE tenant_acme_login SET role = tenant_rival_app", "role"),
    ("ALTER ROLE tenant_acme_login RESET ALL", "role"),
    ("ALTER ROLE tenant_acme_login SET statement_timeout = 0", "statement_timeout"),
]


@pytest.mark.parametrize(("statement", "named"), HARMS_ITSELF, ids=lambda value: value)
def test_a_login_that_changes_its_own_settings_harms_only_itself(world, statement, named):
    """PostgreSQL lets every role change its own settings. They win nothing, are named, and can be mended."""
    olga(world)
    mole(world)
    with session_of(world.acme) as session:
        session.execute("SET ROLE NONE")
        session.execute(statement)
    try:
        with session_of(world.acme) as session:
            for attempt in ("SELECT * FROM tenant_rival.members", "SET ROLE tenant_rival_app"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(attempt)
        with owner_session() as owner:
            said = [str(finding) for finding in drift.look(owner)]
    finally:
        with owner_session() as owner:
            structure.set_role_settings(owner, world.acme)

    assert any("tenant_acme_login" in sentence and named in sentence for sentence in said), said
    with owner_session() as owner:
        assert drift.look(owner) == []
    with bound(world.acme):
        assert Member.objects.count() == 1


def test_a_login_that_changes_its_own_password_locks_only_itself_out(world):
    from tenants import keys
    from tenants.models import Purpose

    olga(world)
    mole(world)
    with session_of(world.acme) as session:
        session.execute("SET ROLE NONE")
        session.execute("ALTER ROLE tenant_acme_login PASSWORD 'planted'")
    connections["default"].close_everything()
    try:
        with pytest.raises(DatabaseError), bound(world.acme):
            Member.objects.count()
        with bound(world.rival):
            assert Member.objects.count() == 1
        assert [finding.workspace for finding in drift.doors([world.acme, world.rival])] == ["acme"]
    finally:
        with owner_session() as owner:
            structure.make_roles(owner, world.acme, keys.open_latest(world.acme.id, Purpose.LOGIN))

    with bound(world.acme):
        assert Member.objects.count() == 1
