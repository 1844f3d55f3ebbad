"""The owner of the tables takes no log away: not a month, not a trigger, not by another name."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from audit.retention import expire_log, months_kept
from audit.sealing import seal_now
from tenants import drift, guard, removal, structure
from tenants.binding import bound
from tests.audit.test_append_only import month_ago
from tests.world import make_workspace

BY = Actor(None, "Olga")
MONTH = f"tenant_acme.audit_log_{datetime.now(UTC):%Y%m}"
# Each by the tables' owner; what is refused leaves the log as it was.
ATTACKS = [
    f"DROP TABLE {MONTH}",
    "DROP TABLE tenant_acme.audit_log CASCADE",
    "DROP TABLE tenant_acme.audit_seals",
    "DROP SCHEMA tenant_acme CASCADE",
    "DROP OWNED BY paitho_owner CASCADE",
    f"ALTER TABLE tenant_acme.audit_log DETACH PARTITION {MONTH}",
    f"ALTER TABLE {MONTH} DISABLE TRIGGER ALL",
    f"ALTER TABLE {MONTH} DISABLE TRIGGER audit_log_no_truncate",
    "ALTER TABLE tenant_acme.audit_log DISABLE TRIGGER audit_log_no_rewrite",
    "ALTER TABLE tenant_acme.audit_log ENABLE REPLICA TRIGGER audit_log_no_rewrite",
    f"DROP TRIGGER audit_log_no_truncate ON {MONTH}",
    "DROP TRIGGER audit_log_no_rewrite ON tenant_acme.audit_log",
    "DROP FUNCTION tenant_acme.audit_log_refuse() CASCADE",
    """CREATE OR REPLACE FUNCTION tenant_acme.audit_log_refuse() RETURNS trigger LANGUAGE plpgsql
       AS 'BEGIN RETURN coalesce(new, old); END'""",
    "ALTER TABLE tenant_acme.audit_log ALTER COLUMN event TYPE varchar(40) USING 'nothing.happened'",
    "ALTER TABLE tenant_acme.audit_log DROP COLUMN details",
    "CREATE RULE hush AS ON INSERT TO tenant_acme.audit_log DO INSTEAD NOTHING",
    """CREATE FUNCTION tenant_acme.hush() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER hush BEFORE INSERT ON tenant_acme.audit_log
       FOR EACH ROW EXECUTE FUNCTION tenant_acme.hush()""",
    "ALTER TABLE tenant_acme.audit_log RENAME TO something_else",
    # By another name, somewhere else, and in one transaction: the tables' numbers are the same.
    f"ALTER TABLE {MONTH} RENAME TO audit_log_202001; DROP TABLE tenant_acme.audit_log_202001",
    f"""CREATE SCHEMA restoring_acme; ALTER TABLE {MONTH} SET SCHEMA restoring_acme;
        DROP SCHEMA restoring_acme CASCADE""",
    "ALTER SCHEMA tenant_acme RENAME TO replaced_acme; DROP SCHEMA replaced_acme CASCADE",
    "DROP EVENT TRIGGER paitho_audit_kept",
    "ALTER EVENT TRIGGER paitho_audit_kept DISABLE",
    "SET event_triggers = off",
    "DROP SCHEMA paitho_guard CASCADE",
    "DELETE FROM paitho_guard.logs",
    "CREATE OR REPLACE FUNCTION paitho_guard.is_let_through() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
]


@pytest.fixture
def written(world):
    with bound(world.acme):
        record(Event.SIGNED_IN, by=BY)
        seal_now()
    return world.acme


def tried(statement: str) -> str:
    """What the owner is answered, as the name of the error; undone if it works."""
    with structure.owner_session() as owner:
        try:
            with owner.transaction():
                owner.execute(statement.encode())
                raise psycopg.Rollback
        except psycopg.Error as error:
            return type(error).__name__
    return "it works"


def test_the_owner_of_the_tables_takes_no_log_away(written):
    """Guards the event triggers: without them each of these works, for they are the owner's right."""
    for attack in ATTACKS:
        assert tried(attack) == "InsufficientPrivilege", attack

    with bound(written):
        assert AuditRow.objects.get().event == Event.SIGNED_IN
    with structure.owner_session() as owner:
        assert guard.amiss(owner) == []


def test_a_month_past_keeping_goes_and_a_younger_one_stays(world, superuser):
    """Guards the clock in the event trigger itself: a function of the owner's own would not ask."""
    firsts = [month_ago(12), month_ago(14)]
    for first, after in zip(firsts, [month_ago(11), month_ago(13)], strict=True):
        name = f"tenant_acme.audit_log_{first:%Y%m}"
        with structure.owner_session() as owner:
            owner.execute(
                f"CREATE TABLE {name} PARTITION OF tenant_acme.audit_log"
                f" FOR VALUES FROM ('{first}') TO ('{after}');"
                f" CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON {name}"
                " FOR EACH STATEMENT EXECUTE FUNCTION tenant_acme.audit_log_refuse()".encode()
            )
    try:
        with structure.owner_session() as owner, pytest.raises(psycopg.Error, match="is refused"):
            owner.execute(f"DROP TABLE tenant_acme.audit_log_{firsts[0]:%Y%m}".encode())

        with bound(world.acme):
            expire_log(datetime.now(UTC))
            kept = months_kept()
        assert firsts[0] in kept
        assert firsts[1] not in kept
    finally:
        superuser.execute(f"DROP TABLE IF EXISTS tenant_acme.audit_log_{firsts[0]:%Y%m}")


def test_a_workspace_that_is_removed_takes_its_log_along(world, superuser):
    gone = make_workspace("gone")

    removal.remove(gone)

    assert superuser.execute("SELECT to_regnamespace('tenant_gone')").fetchone() == (None,)
    held = superuser.execute("SELECT count(*) FROM paitho_guard.logs WHERE workspace_id = %s", [gone.id])
    assert held.fetchone() == (0,)


def test_the_drift_check_reports_a_guard_that_is_off(world, superuser):
    superuser.execute("ALTER EVENT TRIGGER paitho_audit_kept DISABLE")
    try:
        with structure.owner_session() as owner:
            said = [str(finding) for finding in drift.look(owner)]
    finally:
        superuser.execute("ALTER EVENT TRIGGER paitho_audit_kept ENABLE")

    assert any("paitho_audit_kept that keeps audit logs is missing or off" in each for each in said)
