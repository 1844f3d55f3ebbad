"""Backups by themselves: due, made, thinned out, ended; and the directory's own."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.test import Client

from audit import custody
from keychain.crypto.secret import Secret
from paitho.embedded.postgres import binary
from tenants import directory
from tenants.backup import directory_dump, records
from tenants.backup.errors import NotWhole
from tenants.backup.policy import to_delete
from tenants.backup.records import Kept
from tenants.backup.stores import store_at
from tenants.cluster import bootstrap
from trust import status

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)


def kept(days_ago: float) -> Kept:
    made_at = NOW - timedelta(days=days_ago)
    expires_at = made_at + timedelta(days=35)
    return Kept(uuid4(), uuid4(), "/x", f"{days_ago}", made_at, 1, 1, 1, 1, expires_at)


def test_a_week_of_nights_stays_and_then_one_of_each_week():
    backups = [kept(day) for day in range(40)]

    gone = {backup.name for backup in to_delete(backups, NOW)}

    left = [int(b.name) for b in backups if b.name not in gone]
    assert left[:8] == list(range(8))
    assert all(day < 35 for day in left)
    assert 3 <= len([day for day in left if day > 7]) <= 5
    assert not to_delete([kept(34.9)], NOW)


@pytest.fixture
def kept_in(settings, tmp_path):
    settings.BACKUPS = str(tmp_path / "backups")
    return store_at(settings.BACKUPS)


def test_a_due_bell_makes_a_backup_and_rings_for_the_next_night(world, kept_in, superuser):
    directory.ring(world.acme.id, "backup", datetime.now(UTC) - timedelta(minutes=1))
    superuser.execute("DELETE FROM public.backups")

    assert custody.nightly() == 1
    assert custody.nightly() == 0

    assert len(records.of(world.acme)) == len(kept_in.names(f"{world.acme.id}/")) == 1
    assert len(records.of(None)) == len(kept_in.names("directory/")) == 1
    due = superuser.execute("SELECT due_at FROM public.bells WHERE kind = 'backup'").fetchone()[0]
    assert timedelta(hours=23) < due - datetime.now(UTC) < timedelta(hours=25)


def test_a_store_that_is_down_is_tried_again_and_no_backup_is_claimed(world, settings, superuser, tmp_path):
    (tmp_path / "file").write_text("")
    superuser.execute("DELETE FROM public.backups")
    settings.BACKUPS = str(tmp_path / "good")
    custody.back_up_directory()
    settings.BACKUPS = str(tmp_path / "file")
    directory.ring(world.acme.id, "backup", datetime.now(UTC) - timedelta(minutes=1))

    assert custody.nightly() == 1

    assert records.of(world.acme) == []
    due = superuser.execute("SELECT due_at FROM public.bells WHERE kind = 'backup'").fetchone()[0]
    assert due - datetime.now(UTC) < timedelta(hours=1)


def test_an_ended_backup_is_deleted_with_its_file(world, kept_in):
    custody.back_up(world.acme)

    assert custody.expire(world.acme, datetime.now(UTC) + timedelta(days=34)) == 0
    assert custody.expire(world.acme, datetime.now(UTC) + timedelta(days=36)) >= 1

    assert records.of(world.acme) == []
    assert kept_in.names(f"{world.acme.id}/") == []


def test_what_is_left_of_a_removed_workspace_goes_when_it_ends(world, kept_in, superuser):
    """Guards the date on the receipt: nobody's bell rings for a workspace that is gone."""
    custody.back_up(world.acme)
    superuser.execute("UPDATE public.backups SET workspace_id = gen_random_uuid()")

    assert custody.expire_orphans(datetime.now(UTC) + timedelta(days=34)) == 0
    assert custody.expire_orphans(datetime.now(UTC) + timedelta(days=36)) >= 1

    assert kept_in.names(f"{world.acme.id}/") == []


def test_the_age_of_backups_is_told_without_naming_a_workspace(world, kept_in, superuser):
    superuser.execute("DELETE FROM public.backups")
    superuser.execute("UPDATE public.workspaces SET created_at = now() - interval '3 days'")
    before = records.age()

    custody.back_up(world.acme)
    after = records.age()
    superuser.execute("UPDATE public.workspaces SET created_at = now()")

    assert (before.late, before.newest) == (before.workspaces, None)
    assert after.late == before.late - 1


def test_the_directory_comes_back_in_a_new_database(world, kept_in, tmp_path):
    """The first step after the loss of a database; the wrapped keys are what nothing else holds."""
    made = custody.back_up_directory()
    script = directory_dump.open_script(kept_in, made.name)
    dsn = os.environ["PAITHO_SUPERUSER_DSN"]
    with psycopg.connect(dsn, autocommit=True) as root:
        root.execute("DROP DATABASE IF EXISTS second")
    names = ("paitho_owner", "paitho_directory", "paitho_ops", "paitho_backup")
    passwords = {
        name: Secret(os.environ[f"PAITHO_{name.removeprefix('paitho_').upper()}_PASSWORD"]) for name in names
    }
    bootstrap(dsn, "second", passwords)
    target = psycopg.conninfo.make_conninfo(dsn, dbname="second", options="-c role=paitho_owner")

    done = subprocess.run(
        [binary("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", target], input=script, capture_output=True
    )

    assert done.returncode == 0, done.stderr
    with psycopg.connect(psycopg.conninfo.make_conninfo(dsn, dbname="second")) as second:
        by_purpose = sorted(directory.wrapped_keys(world.acme.id), key=lambda key: key.purpose)
        wraps = "SELECT wrapped FROM public.wrapped_keys WHERE workspace_id = %s ORDER BY purpose"
        found = [bytes(row[0]) for row in second.execute(wraps, [world.acme.id])]
        assert found == [key.wrapped for key in by_purpose]
        may = "SELECT has_table_privilege('paitho_directory', 'public.wrapped_keys', 'SELECT')"
        assert second.execute(may).fetchone() == (False,)
        runs = (
            "SELECT has_function_privilege('paitho_directory', 'public.workspace_by_slug(text)', 'EXECUTE')"
        )
        assert second.execute(runs).fetchone() == (True,)


def test_a_directory_backup_holds_no_clear_name_and_is_no_workspace(world, kept_in, tmp_path):
    made = custody.back_up_directory()

    assert b"acme" not in (tmp_path / "backups" / made.name).read_bytes()
    with pytest.raises(NotWhole, match="no backup of a workspace"):
        custody.bring_back(world.acme, kept_in, made.name)
    assert (records.of(None)[0].expires_at - made.made_at).days == 7


def claimable(workspace) -> bool:
    return (workspace.id, "backup") in directory.claim_bells(8, timedelta(seconds=1), ["backup"])


def test_a_claim_lasts_as_long_as_its_process_and_no_longer(world):
    """Guards the heartbeat: without it a killed backup would keep its workspace waiting for hours."""
    lease, uid = timedelta(milliseconds=300), world.acme.id
    directory.ring(uid, "backup", datetime.now(UTC) - timedelta(minutes=1))
    assert (uid, "backup") in directory.claim_bells(8, lease, ["backup"])

    with custody.held([uid], lease):
        time.sleep(0.6)
        assert not claimable(world.acme)
    time.sleep(0.4)

    assert claimable(world.acme)


def test_a_restore_is_rehearsed_every_week_and_both_pages_say_so(world, kept_in):
    directory.ring(world.acme.id, "backup", datetime.now(UTC) - timedelta(minutes=1))
    apex = Client(HTTP_HOST="localhost:8000")
    assert "No restore was rehearsed yet" in apex.get("/trust").content.decode()
    custody.nightly()

    seen = custody.rehearse_when_due(datetime.now(UTC))

    assert seen is not None
    assert not seen.problem
    assert custody.rehearse_when_due(datetime.now(UTC) + timedelta(days=6)) is None
    page = apex.get("/trust").content.decode()
    assert "A restore was last rehearsed on" in page
    assert f"passed, {seen.rows} row" in page
    assert f"restore rehearsed on {datetime.now(UTC):%d %B %Y}, passed" in status.backups().note
