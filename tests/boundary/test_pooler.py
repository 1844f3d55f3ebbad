"""Behind PgBouncer in transaction mode: a server's session serves many clients, and always of one workspace.

That works because nothing is SET by the client: the server binds role and search_path to the login, and the
pooler keeps the sessions of each login apart.
"""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from accounts.models import Member, Role
from tenants import directory
from tenants.binding import bound
from tenants.logins import password_of
from tests.servers.pgbouncer import pgbouncer, version
from tests.world import client_of, member, mole, olga

pytestmark = pytest.mark.pgbouncer
ALIASES = ("default", "directory")


@pytest.fixture(scope="module")
def pooler(_workspaces, superuser):
    server = settings.DATABASE_SERVER["HOST"], int(settings.DATABASE_SERVER["PORT"])
    with pgbouncer(superuser, server) as port:
        yield port


@pytest.fixture
def pooled(world, pooler):
    """Web and workers as compose runs them: PAITHO_POOLED, through the pooler's port."""
    before = {alias: dict(connections.settings[alias]) for alias in ALIASES}
    forget()
    for alias in ALIASES:
        connections.settings[alias].update(PORT=str(pooler), DISABLE_SERVER_SIDE_CURSORS=True)
    yield world
    forget()
    for alias in ALIASES:
        connections.settings[alias].clear()
        connections.settings[alias].update(before[alias])


def forget() -> None:
    connections["default"].close_everything()
    connections["directory"].close()


def test_pages_are_served_through_the_pooler(pooled):
    client = client_of(pooled.acme, olga(pooled))

    assert client.get("/").status_code == 200
    assert client.get("/members/").status_code == 200


def test_each_workspace_meets_its_own_rows_only(pooled):
    olga(pooled)
    mole(pooled)

    for _ in range(3):
        with bound(pooled.acme):
            assert [each.name for each in Member.objects.all()] == ["Olga"]
        with bound(pooled.rival):
            assert [each.name for each in Member.objects.all()] == ["Mole"]


def test_more_clients_than_server_sessions_share_them_by_workspace(pooled):
    """Twenty threads, eight server sessions for a login: each transaction sees its own workspace."""
    olga(pooled)
    mole(pooled)
    seen, errors = [], []

    def work(number: int) -> None:
        workspace = pooled.acme if number % 2 else pooled.rival
        try:
            for _ in range(5):
                with bound(workspace), transaction.atomic(), connections["default"].cursor() as cursor:
                    cursor.execute("SELECT session_user, current_user, current_setting('search_path')")
                    bindings = cursor.fetchone()
                    seen.append((workspace.slug, *bindings, *(m.name for m in Member.objects.all())))
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert set(seen) == {
        ("acme", "tenant_acme_login", "tenant_acme_app", "tenant_acme, pg_temp", "Olga"),
        ("rival", "tenant_rival_login", "tenant_rival_app", "tenant_rival, pg_temp", "Mole"),
    }


def test_the_application_sets_nothing_on_a_session(pooled):
    """What one client SETs, the next client of the same server session would inherit."""
    olga(pooled)
    with bound(pooled.acme), connections["default"].cursor() as cursor:
        Member.objects.count()
        cursor.execute("SELECT name FROM pg_settings WHERE source = 'session' ORDER BY 1")
        assert [name for (name,) in cursor.fetchall() if name != "transaction_isolation"] == []


def test_what_hostile_sql_sets_stays_with_its_own_login(pooled, superuser):
    """Its own pages may fail until the pooler's sessions are replaced; nobody else's do."""
    mole(pooled)
    with bound(pooled.acme), connections["default"].cursor() as cursor:
        cursor.execute("SET search_path = tenant_rival")
        cursor.execute("SET ROLE NONE")

    with bound(pooled.rival):
        assert Member.objects.count() == 1
    forget()
    superuser.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'tenant_acme_login'"
    )


def test_a_transaction_is_one_and_iteration_needs_no_server_side_cursor(pooled):
    with bound(pooled.acme):
        with transaction.atomic():
            member(pooled.acme, "Ida", Role.MEMBER)
            transaction.set_rollback(True)
        assert Member.objects.count() == 0
    olga(pooled)
    with bound(pooled.acme):
        assert [each.name for each in Member.objects.iterator(chunk_size=1)] == ["Olga"]


def test_stacked_statements_are_refused_there_too(pooled):
    refused = pytest.raises(DatabaseError, match="multiple commands")
    with bound(pooled.acme), connections["default"].cursor() as cursor, refused:
        cursor.execute("SELECT 1; SELECT 2")


def test_bells_ring_and_are_claimed_through_it(pooled):
    from datetime import timedelta

    from django.utils import timezone

    directory.ring(pooled.acme.id, "sync", timezone.now())

    assert directory.claim_bells(8, timedelta(minutes=1), ["sync"]) == [(pooled.acme.id, "sync")]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("tenant_rival_login", "acme's"),
        ("tenant_acme_login", ""),
        ("tenant_acme_login", "wrong"),
        ("tenant_acme_app", "acme's"),
        ("postgres", ""),
        ("paitho_pooler", ""),
    ],
)
def test_nobody_enters_with_anothers_password(pooled, pooler, user, password):
    acmes = password_of(pooled.acme).reveal()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host="127.0.0.1",
            port=pooler,
            dbname="paitho_main",
            user=user,
            password=acmes if password == "acme's" else password,
            connect_timeout=10,
        )


@pytest.mark.parametrize("role", ["owner", "backup"])
def test_logins_that_change_structure_do_not_go_through_it(pooled, pooler, role):
    """The owner's and the backup's right passwords open nothing here: the pooler cannot look them up."""
    import os

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host="127.0.0.1",
            port=pooler,
            dbname="paitho_main",
            user=f"paitho_{role}",
            password=os.environ[f"PAITHO_{role.upper()}_PASSWORD"],
            connect_timeout=10,
        )


def test_the_version_is_read():
    assert version() >= (1, 18)
