"""Migrations over many workspaces: computed once, each on its own, failures isolated, readers served."""

from __future__ import annotations

import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from psycopg.types.json import Jsonb

from accounts.models import Member
from tenants import directory, migrating, schema, shape
from tenants.binding import bound
from tenants.removal import remove
from tenants.structure import owner_session
from tests.world import make_workspace, olga

ADD_COLUMN = "ALTER TABLE leads ADD COLUMN tried integer NOT NULL DEFAULT 0"
UNDO = """
    DO $$ DECLARE s text; BEGIN
        FOR s IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%' LOOP
            EXECUTE format('ALTER TABLE IF EXISTS %I.leads DROP COLUMN IF EXISTS tried', s);
            EXECUTE format('DROP TABLE IF EXISTS %I.fresh', s);
        END LOOP;
    END $$;
    DELETE FROM public.schema_changes WHERE migrations = '["tests.next"]';
    UPDATE public.workspaces SET problem = '',
        schema_version = (SELECT max(version) FROM public.schema_changes)
"""


@pytest.fixture
def owner(world):
    with owner_session() as session:
        yield session


@pytest.fixture
def next_version(owner, superuser):
    """Record one more version, as a release with a new migration would."""

    def record(*statements: str) -> int:
        number = schema.newest(owner) + 1
        owner.execute(
            "INSERT INTO public.schema_changes (version, migrations, statements, recorded_at)"
            " VALUES (%s, %s, %s, now())",
            [number, Jsonb(["tests.next"]), Jsonb(list(statements))],
        )
        return number

    yield record
    connections["default"].close_everything()
    superuser.execute(UNDO)


@pytest.fixture(scope="module")
def many(_workspaces, only_the_cast):
    """Three more workspaces beside Acme and Rival."""
    made = [make_workspace(f"many-{letter}") for letter in "abc"]
    yield made
    for workspace in made:
        remove(workspace)


def columns(superuser: psycopg.Connection, schema_name: str) -> int:
    found = superuser.execute(
        "SELECT count(*) FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'leads' AND column_name = 'tried'",
        [schema_name],
    ).fetchone()
    return found[0]


def test_each_workspace_gets_the_new_version_once(world, many, next_version, superuser):
    number = next_version(ADD_COLUMN)

    first, second = migrating.migrate_all(), migrating.migrate_all()

    assert (first.version, first.migrated, first.skipped, first.failed) == (number, 5, 0, {})
    assert (second.migrated, second.skipped) == (0, 5)
    assert all(columns(superuser, w.schema) for w in [world.acme, world.rival, *many])
    assert directory.by_id(many[0].id).schema_version == number


def test_one_broken_workspace_stays_at_its_version_and_the_rest_go_on(world, many, next_version, superuser):
    broken = many[1]
    was = directory.by_id(broken.id).schema_version
    superuser.execute(f"ALTER TABLE {broken.schema}.leads ADD COLUMN tried text")
    number = next_version("CREATE TABLE fresh (id integer)", ADD_COLUMN)

    said, complained = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("migrate_workspaces", stdout=said, stderr=complained)

    assert ended.value.code == 1
    assert "4 migrated, 0 already there, 1 failed" in said.getvalue()
    assert "many-b: " in complained.getvalue()
    assert "already exists" in complained.getvalue()
    assert directory.by_id(broken.id).schema_version == was
    assert directory.by_id(many[2].id).schema_version == number
    # Its transaction was taken back whole, and its people go on working.
    assert superuser.execute(f"SELECT to_regclass('{broken.schema}.fresh')").fetchone() == (None,)
    with bound(directory.by_id(broken.id)):
        assert Member.objects.count() == 0
    marked = superuser.execute("SELECT slug FROM public.workspaces WHERE problem <> ''").fetchall()
    assert marked == [("many-b",)]

    superuser.execute(f"ALTER TABLE {broken.schema}.leads DROP COLUMN tried")
    call_command("migrate_workspaces", workspace="many-b", stdout=said)

    assert directory.by_id(broken.id).schema_version == number
    assert superuser.execute("SELECT count(*) FROM public.workspaces WHERE problem <> ''").fetchone() == (0,)


def test_a_new_table_is_secured_in_the_same_transaction(world, many, next_version, owner):
    """No moment at which a new table is there without its policy: remove `secure` from `apply` to see it."""
    next_version("CREATE TABLE fresh (id integer)")

    migrating.migrate_all()

    assert [shape.deviations(owner, w) for w in [world.acme, *many]] == [[]] * 4


def test_a_workspace_whose_table_is_held_fails_alone_and_soon(
    world, many, next_version, superuser, monkeypatch
):
    monkeypatch.setattr(migrating, "ATTEMPTS", 1)
    monkeypatch.setattr(schema, "LOCK_TIMEOUT", "100ms")
    next_version(ADD_COLUMN)

    with superuser.transaction():
        superuser.execute(f"LOCK TABLE {many[0].schema}.leads IN ACCESS SHARE MODE")
        report = migrating.migrate_all()

    assert set(report.failed) == {"many-a"}
    assert report.migrated == 4


def test_old_code_keeps_serving_during_the_run(world, many, next_version):
    """Pages of the old code are read without a break while the new version arrives everywhere."""
    olga(world)
    next_version("CREATE TABLE fresh (id integer)", ADD_COLUMN)
    over, served, errors = threading.Event(), [], []

    def old_code() -> None:
        from leads.models import Lead

        try:
            while not over.is_set():
                with bound(world.acme):
                    served.append((Member.objects.count(), Lead.objects.count()))
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    readers = [threading.Thread(target=old_code) for _ in range(2)]
    for reader in readers:
        reader.start()
    while len(served) < 5 and not errors:
        pass
    report = migrating.migrate_all()
    so_far = len(served)
    while len(served) < so_far + 5 and not errors:
        pass
    over.set()
    for reader in readers:
        reader.join()

    assert errors == []
    assert report.failed == {}
    assert set(served) == {(1, 0)}


def test_a_run_that_dies_while_recording_leaves_no_half_version(world, owner, monkeypatch):
    """The reference schema and the ledger change together: without that, a version would be lost for ever."""
    from django.db.migrations.executor import MigrationExecutor

    before = schema.newest(owner)
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [(FakeMigration, False)])

    def dies(self, targets, plan=None, **kwargs):
        with connections["reference"].cursor() as cursor:
            cursor.execute("CREATE TABLE half (id integer)")
        raise KeyboardInterrupt

    monkeypatch.setattr(MigrationExecutor, "migrate", dies)
    with pytest.raises(KeyboardInterrupt):
        schema.record_pending()

    assert schema.newest(owner) == before
    assert owner.execute("SELECT to_regclass('workspace_reference.half')").fetchone() == (None,)


class FakeMigration:
    app_label, name = "tests", "0001_half"
