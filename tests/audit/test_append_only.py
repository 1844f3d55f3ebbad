"""Nobody below the superuser rewrites the log, on no partition; months go when they may and not before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow, AuditSeal
from audit.retention import expire_log, months_kept
from audit.sealing import seal_now
from tenants.backup import tools
from tenants.binding import bound
from tenants.removal import remove
from tests.world import make_workspace

BY = Actor(None, "Olga")
REWRITES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}")


def rewrites(table: str) -> list[str]:
    column = "number" if table == "audit_seals" else "event"
    return [each.format(f"tenant_acme.{table}", column, column) for each in REWRITES]


def tables() -> list[str]:
    month = datetime.now(UTC).strftime("%Y%m")
    return ["audit_log", f"audit_log_{month}", "audit_log_other", "audit_seals"]


def write_at(day: date) -> None:
    details = {"actor": "Olga", "ip": "", "about": "", "data": {}}
    at = datetime(day.year, day.month, 15, tzinfo=UTC)
    AuditRow(event=Event.SIGNED_IN, at=at, details=details).save(force_insert=True)


def run(statement: str, *params: object) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, list(params))


@pytest.fixture
def written(world):
    with bound(world.acme):
        record(Event.SIGNED_IN, by=BY)
        seal_now()
    return world.acme


@pytest.mark.parametrize("place", range(4))
def test_the_workspaces_own_session_rewrites_nothing(written, place):
    for statement in rewrites(tables()[place]):
        with bound(written), pytest.raises(DatabaseError, match="permission denied"):
            run(statement)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("login", [tools.OWNER, tools.BACKUP])
def test_neither_does_the_owner_nor_the_backup_login(written, superuser, place, login):
    """Guards each partition's own TRUNCATE trigger: one on the parent does not reach them."""
    table = tables()[place]
    # The row policy already hides the rows from the owner; set aside, the trigger stands alone.
    superuser.execute(f"ALTER TABLE tenant_acme.{table} NO FORCE ROW LEVEL SECURITY")
    try:
        for statement in rewrites(table):
            if table == "audit_log_other" and not statement.startswith("TRUNCATE"):
                continue  # it holds no row that a row's trigger could defend
            with tools.session(login) as session, pytest.raises(psycopg.Error, match=r"is refused|denied"):
                session.execute(statement)
    finally:
        superuser.execute(f"ALTER TABLE tenant_acme.{table} FORCE ROW LEVEL SECURITY")
    with bound(written):
        assert (AuditRow.objects.count(), AuditSeal.objects.count()) == (1, 1)


def test_a_line_cannot_claim_another_transaction(world):
    """Guards the sealing: with an xid of its own choice a line could slip into a batch that is sealed."""
    with bound(world.acme), pytest.raises(DatabaseError, match="permission denied"):
        run(
            "INSERT INTO audit_log (id, at, event, details, xid)"
            " VALUES (gen_random_uuid(), now(), 'x', '', '1')"
        )


def month_ago(months: int) -> date:
    today = datetime.now(UTC).date().replace(day=1)
    place = today.year * 12 + today.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def a_month(superuser, months: int) -> date:
    """The partition of a month that is past, as it was made ahead in its day."""
    first, next_one = month_ago(months), month_ago(months - 1)
    superuser.execute(
        f"CREATE TABLE tenant_acme.audit_log_{first:%Y%m} PARTITION OF tenant_acme.audit_log"
        f" FOR VALUES FROM ('{first}') TO ('{next_one}')"
    )
    superuser.execute(f"ALTER TABLE tenant_acme.audit_log_{first:%Y%m} OWNER TO paitho_owner")
    return first


@pytest.fixture
def past(world, superuser):
    """Lines of 11, 12, 13 and 14 months ago, each in its partition."""
    firsts = [a_month(superuser, months) for months in (11, 12, 13, 14)]
    with bound(world.acme):
        for first in firsts:
            write_at(first)
    yield firsts
    for first in firsts:
        superuser.execute(f"DROP TABLE IF EXISTS tenant_acme.audit_log_{first:%Y%m}")


def test_months_of_twelve_months_and_more_go_and_younger_ones_stay(world, past):
    with bound(world.acme):
        swept = expire_log(datetime.now(UTC))

        left = {row.at.date().replace(day=1) for row in AuditRow.objects.all()}
    assert swept.count == 2
    assert left == {month_ago(11), month_ago(12)}


def test_a_month_that_is_not_sealed_stays(world, past):
    with bound(world.acme), pytest.raises(DatabaseError, match="not sealed"):
        run("SELECT audit_log_expire(%s)", month_ago(14))


@pytest.mark.parametrize("months", [0, 5, 12])
def test_nobody_drops_a_young_month_by_the_function(world, past, months):
    with bound(world.acme):
        seal_now()
        with pytest.raises(DatabaseError, match="12 months"):
            run("SELECT audit_log_expire(%s)", month_ago(months))


def test_months_are_made_ahead_as_guarded_as_the_first(world, superuser):
    last = max(months_of(world.acme))
    superuser.execute(f"DROP TABLE tenant_acme.audit_log_{last:%Y%m}")

    with bound(world.acme):
        expire_log(datetime.now(UTC))

    name = f"audit_log_{last:%Y%m}"
    guards = superuser.execute(
        "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner),"
        " (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid),"
        " (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = c.oid),"
        " has_table_privilege('tenant_acme_app', c.oid, 'SELECT')"
        " FROM pg_class c WHERE c.oid = %s::regclass",
        [f"tenant_acme.{name}"],
    ).fetchone()
    assert guards[:4] == (True, True, "paitho_owner", 2)
    assert "tenant_acme_login" in guards[4]
    assert guards[5] is False


def months_of(workspace) -> list[date]:
    with bound(workspace):
        return months_kept()


@pytest.fixture
def fresh_log(_workspaces, superuser):
    made = make_workspace("dated")
    yield made
    remove(made)


def lines_in(superuser, partition: str) -> int:
    ((found,),) = superuser.execute(f"SELECT count(*) FROM tenant_dated.{partition}").fetchall()
    return found


def test_a_new_workspace_has_no_month_until_its_first_line_and_a_year_once_retention_ran(
    fresh_log, superuser
):
    assert months_of(fresh_log) == []
    due = superuser.execute(
        "SELECT kind FROM public.bells WHERE workspace_id = %s AND due_at <= now()", [fresh_log.id]
    )
    assert ("retention",) in due.fetchall()

    with bound(fresh_log):
        record(Event.SIGNED_IN, by=BY)
    assert months_of(fresh_log) == [month_ago(0)]

    with bound(fresh_log):
        expire_log(datetime.now(UTC))
        write_at(month_ago(30))
    assert months_of(fresh_log) == [month_ago(months) for months in range(0, -14, -1)]
    assert lines_in(superuser, "audit_log_other") == 1


def test_two_first_lines_at_once_are_both_written(fresh_log):
    def first(_: int) -> None:
        with bound(fresh_log):
            record(Event.SIGNED_IN, by=BY)
        connections["directory"].close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(first, range(8)))

    with bound(fresh_log):
        assert AuditRow.objects.count() == 8


def test_a_month_that_was_rolled_back_is_made_again(fresh_log):
    with bound(fresh_log):
        with transaction.atomic():
            record(Event.SIGNED_IN, by=BY)
            transaction.set_rollback(True)
        record(Event.SIGNED_OUT, by=BY)

        assert [row.event for row in AuditRow.objects.all()] == [Event.SIGNED_OUT]


def test_a_month_that_the_default_partition_holds_lines_of_stays_there_and_stops_nothing(
    fresh_log, superuser
):
    with bound(fresh_log):
        expire_log(datetime.now(UTC))
        write_at(month_ago(-14))
    superuser.execute(f"DROP TABLE tenant_dated.audit_log_{month_ago(-13):%Y%m}")

    with bound(fresh_log):
        run("SELECT audit_log_make_ahead(15)")

    assert {month_ago(-13), month_ago(-15)} <= set(months_of(fresh_log))
    assert month_ago(-14) not in months_of(fresh_log)
    assert lines_in(superuser, "audit_log_other") == 1
