"""The first tests of the boundary: unbound is closed, and a workspace's session reaches nothing else."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connections, transaction

from accounts.models import Member
from tenants.binding import bound, current
from tenants.errors import NoWorkspace, SwitchInTransaction
from tests.world import mole, olga


def test_unbound_access_raises(world):
    with pytest.raises(NoWorkspace):
        Member.objects.count()


def test_a_thread_starts_unbound(world):
    caught: list[BaseException] = []

    def look() -> None:
        try:
            Member.objects.count()
        except NoWorkspace as error:
            caught.append(error)

    with bound(world.acme):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    assert len(caught) == 1


def test_each_workspace_sees_its_own_members(world):
    olga(world)
    mole(world)

    with bound(world.acme):
        assert [m.name for m in Member.objects.all()] == ["Olga"]
        with bound(world.rival):
            assert [m.name for m in Member.objects.all()] == ["Mole"]
        assert current() == world.acme
        assert [m.name for m in Member.objects.all()] == ["Olga"]


def test_a_switch_inside_a_transaction_raises(world):
    with bound(world.acme), transaction.atomic(), pytest.raises(SwitchInTransaction), bound(world.rival):
        pass


def test_the_server_sets_role_and_search_path_on_connect(world):
    with bound(world.acme), connections["default"].cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_setting('search_path')")
        assert cursor.fetchone() == ("tenant_acme_login", "tenant_acme_app", "tenant_acme, pg_temp")


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE tenant_rival_app",
        "SET ROLE tenant_rival_login",
        "SET SESSION AUTHORIZATION tenant_rival_login",
        "SELECT * FROM tenant_rival.members",
        "SELECT * FROM public.wrapped_keys",
        "SELECT * FROM pg_stat_activity",
        "SELECT public.wrapped_keys_of('00000000-0000-0000-0000-000000000000')",
    ],
)
def test_a_session_is_refused(world, statement):
    with bound(world.acme), connections["default"].cursor() as cursor:
        with pytest.raises(Exception, match="permission denied") as refused:
            cursor.execute(statement)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_reset_role_leaves_the_login_with_nothing(world):
    olga(world)
    with bound(world.acme), connections["default"].cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        with pytest.raises(Exception, match="permission denied"):
            cursor.execute("SELECT * FROM tenant_acme.members")
    connections["default"].close_everything()


def test_stacked_statements_are_impossible(world):
    with bound(world.acme), connections["default"].cursor() as cursor:
        with pytest.raises(Exception, match="multiple commands"):
            cursor.execute("SELECT 1; SELECT 2")
        with pytest.raises(Exception, match="multiple commands"):
            cursor.execute("SELECT %s; SELECT 2", [1])


def test_every_tenant_table_has_row_security_enabled_and_forced(world, superuser):
    found = superuser.execute(
        "SELECT n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity,"
        " (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname LIKE 'tenant\\_%' AND c.relkind IN ('r', 'p')"
    ).fetchall()

    assert len(found) > 40
    assert [row for row in found if row[2:] != (True, True, 1)] == []


def test_the_owner_sees_no_tenant_row(world):
    from tenants.structure import owner_session

    olga(world)
    with owner_session() as owner:
        assert owner.execute("SELECT count(*) FROM tenant_acme.members").fetchone() == (0,)
