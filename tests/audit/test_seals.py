"""Seals: batches that cover every line once, chained, and found broken at the first harmed batch."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections, transaction

from audit import evidence, sealing, verifying
from audit.actions import record
from audit.actors import SYSTEM, Actor
from audit.custody import back_up, bring_back
from audit.events import Event
from audit.models import AuditRow, AuditSeal
from audit.sealing import seal_now
from tenants import directory
from tenants.backup.stores import Directory
from tenants.binding import bound
from tenants.export.bundle import export

BY = Actor(None, "Olga", "203.0.113.7")


@pytest.fixture
def sealed(world, superuser):
    """Three batches of ten lines in Acme."""
    with bound(world.acme):
        for batch in range(3):
            for number in range(10):
                record(Event.SIGNED_IN, by=BY, batch=batch, number=number, odd="a\\u0000b \\ ü\n")
            assert seal_now() == 10
    return world.acme


@contextmanager
def no_guards(superuser):
    """What only the superuser can do: triggers off."""
    superuser.execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        superuser.execute("SET session_replication_role = origin")


def verdict(workspace) -> verifying.Verdict:
    with bound(workspace):
        found = evidence.online()
        known = directory.published_seals(workspace.id)
        return verifying.verify(found.seals, found.lines, today=found.today, known=known)


def test_every_line_is_in_one_batch_and_the_chain_holds(sealed):
    found = verdict(sealed)

    assert (found.holds, found.seals, found.lines, found.unsealed) == (True, 3, 30, 0)
    assert len(directory.published_seals(sealed.id)) == 3


def test_a_line_whose_transaction_is_open_waits_for_the_next_batch(world):
    """Guards the rule that no line can join a batch later."""
    with bound(world.acme):
        record(Event.SIGNED_IN, by=BY)
        with transaction.atomic():
            record(Event.SIGNED_OUT, by=BY)
            with connections["default"].cursor() as cursor:
                cursor.execute(sealing.OPEN_TRANSACTIONS)
                until = int(cursor.fetchone()[0])
            assert [line.event for line in sealing.lines(0, until)] == [Event.SIGNED_IN]
        assert seal_now() == 2


def test_what_is_written_after_the_last_seal_is_not_broken(sealed):
    with bound(sealed):
        record(Event.SIGNED_IN, by=BY)

    assert (verdict(sealed).holds, verdict(sealed).unsealed) == (True, 1)


def test_sealing_opens_no_line_and_needs_no_key(sealed, monkeypatch):
    """Guards the log's growth while the keys cannot be opened, and against a line that nobody can open."""
    with bound(sealed):
        record(Event.SIGNED_OUT, by=BY)
        with monkeypatch.context() as patch:
            patch.setattr("tenants.keys.open_key", lambda *_, **__: pytest.fail("a key was asked for"))
            assert seal_now() == 1

    assert verdict(sealed).holds


def test_lines_from_before_lines_had_a_hash_are_sealed_alike(sealed, superuser):
    def sealed_anew(*changes: str) -> bytes:
        with no_guards(superuser):
            for change in (*changes, "DELETE FROM tenant_acme.audit_seals"):
                superuser.execute(change)
        with bound(sealed):
            assert seal_now() == 30
            return bytes(AuditSeal.objects.get().rows_hash)

    with_hashes = sealed_anew()

    assert sealed_anew("UPDATE tenant_acme.audit_log SET hash = NULL") == with_hashes


def test_a_line_without_salt_keeps_no_hash_that_could_be_guessed(world):
    with bound(world.acme):
        AuditRow(event=Event.SIGNED_IN, details={"actor": "Olga"}).save(force_insert=True)
        record(Event.SIGNED_IN, by=BY)
        record(Event.SIGNED_IN, by=BY)

        bare, *salted = AuditRow.objects.order_by("at").values_list("hash", flat=True)
    assert bare is None
    assert len({bytes(each) for each in salted}) == 2


def test_a_line_written_with_another_lines_hash_is_found(sealed):
    with bound(sealed):
        row = AuditRow(event=Event.SIGNED_IN, details={"actor": "Mole"})
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_log (id, at, event, details, hash)"
                " VALUES (%s, now(), 'auth.signed_in', %s, (SELECT hash FROM audit_log LIMIT 1))",
                [row.pk, AuditRow._meta.get_field("details").seal({"actor": "Mole"}, row.pk)],
            )
        seal_now()

    assert verdict(sealed).broken == 4


HARMS = {
    "changed hash": (
        "UPDATE tenant_acme.audit_log SET hash = sha256('x'), event = 'auth.signed_out' WHERE id = %s",
        "changed",
    ),
    "changed event": ("UPDATE tenant_acme.audit_log SET event = 'auth.signed_out' WHERE id = %s", "changed"),
    "changed time": (
        "UPDATE tenant_acme.audit_log SET at = at + interval '1 second' WHERE id = %s",
        "changed",
    ),
    "deleted": ("DELETE FROM tenant_acme.audit_log WHERE id = %s", "held 10 lines and now holds 9"),
    "moved to another batch": ("UPDATE tenant_acme.audit_log SET xid = '1' WHERE id = %s", "holds 11"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_line_is_found_in_its_batch(sealed, superuser, harm):
    statement, words = HARMS[harm]
    with bound(sealed):
        victim = AuditRow.objects.order_by("xid", "id")[15].pk
    with no_guards(superuser):
        superuser.execute(statement, [victim])

    found = verdict(sealed)

    # A line that moved is found where it went, which is the earlier of the two.
    assert found.broken == (1 if harm.startswith("moved") else 2)
    assert words in found.problem


def test_an_inserted_line_is_found(sealed, superuser):
    with no_guards(superuser):
        superuser.execute(
            "INSERT INTO tenant_acme.audit_log (id, at, event, details, xid)"
            " SELECT gen_random_uuid(), at, event, details, xid FROM tenant_acme.audit_log"
            " WHERE xid = (SELECT max(xid) FROM tenant_acme.audit_log)"
        )

    with pytest.raises(Exception):  # noqa: B017 - its details are sealed to another row
        verdict(sealed)


def test_a_rewritten_seal_and_a_missing_one_are_found(sealed, superuser):
    with no_guards(superuser):
        superuser.execute("UPDATE tenant_acme.audit_seals SET rows = 9 WHERE number = 2")
    assert verdict(sealed).broken == 2
    with no_guards(superuser):
        superuser.execute("DELETE FROM tenant_acme.audit_seals WHERE number >= 2")
    assert verdict(sealed).broken == 2
    assert "published" in verdict(sealed).problem


def test_a_whole_chain_made_anew_does_not_match_what_was_published(sealed, superuser):
    """Guards against one who rewrites lines and seals alike: the hashes were kept elsewhere."""
    with no_guards(superuser):
        superuser.execute("UPDATE tenant_acme.audit_log SET event = 'auth.signed_out', hash = NULL")
        superuser.execute("DELETE FROM tenant_acme.audit_seals")
    with bound(sealed):
        seal_now()
        found = evidence.online()

        alone = verifying.verify(found.seals, found.lines, today=found.today)
    assert alone.holds
    assert verdict(sealed).broken == 1


def test_the_command_names_the_first_broken_batch(sealed, superuser, capsys):
    call_command("verify_audit", "acme")
    assert "30 lines sealed" in capsys.readouterr().out
    with no_guards(superuser):
        superuser.execute("DELETE FROM tenant_acme.audit_log WHERE xid < '9223372036854775807'")

    with pytest.raises(CommandError, match="Batch 1 is the first that is broken"):
        call_command("verify_audit", "acme")


def test_an_export_is_verified_with_the_file_and_the_seals_alone(
    sealed, superuser, tmp_path, capsys, settings
):
    path = export(sealed, tmp_path).path
    with bound(sealed):
        seals = evidence.told(list(AuditSeal.objects.order_by("number")), sealed.id)
    (tmp_path / "seals.json").write_text(json.dumps(seals))

    call_command("verify_audit", export=path, seals=tmp_path / "seals.json")

    assert "3 seals, 30 lines sealed" in capsys.readouterr().out
    seals["seals"][1]["hash"] = "00" * 32
    (tmp_path / "seals.json").write_text(json.dumps(seals))
    with pytest.raises(CommandError, match="Seal 2 is not the one that was published"):
        call_command("verify_audit", export=path, seals=tmp_path / "seals.json")


def test_a_harmed_log_is_found_in_its_export(sealed, superuser, tmp_path):
    with no_guards(superuser):
        superuser.execute(
            "UPDATE tenant_acme.audit_log SET actor_id = gen_random_uuid() WHERE event = 'auth.signed_in'"
        )
    path = export(sealed, tmp_path).path

    with pytest.raises(CommandError, match="Batch 1 is the first"):
        call_command("verify_audit", export=path)


def test_a_restore_keeps_the_log_and_opens_an_epoch(sealed, tmp_path):
    store = Directory(tmp_path)
    made = back_up(sealed, store)
    with bound(sealed):
        record(Event.MEMBER_INVITED, by=BY)
        seal_now()

    bring_back(sealed, store, made.name)

    with bound(sealed):
        assert AuditRow.objects.filter(event=Event.MEMBER_INVITED).exists()
        assert AuditSeal.objects.order_by("-number").first().epoch == 2
        record(Event.SIGNED_OUT, by=BY)
        seal_now()
    found = verdict(sealed)
    assert (found.holds, found.epochs, found.unsealed) == (True, 2, 0)


def test_a_log_that_came_from_another_cluster_is_closed_and_goes_on(sealed, superuser, tmp_path):
    """After the loss of a database: the loaded lines count transactions that this cluster never had."""
    store = Directory(tmp_path)
    with bound(sealed):
        record(Event.SIGNED_OUT, by=BY)
    made = back_up(sealed, store)
    superuser.execute("DROP SCHEMA tenant_acme CASCADE")
    connections["default"].close_everything()

    restored = bring_back(sealed, store, made.name)
    with bound(sealed):
        record(Event.MEMBER_INVITED, by=BY)
        seal_now()

    assert not restored.had_live
    found = verdict(sealed)
    assert (found.holds, found.problem, found.unsealed) == (True, "", 0)


def test_what_expired_is_held_by_its_seal(sealed):
    with bound(sealed):
        seals = list(AuditSeal.objects.order_by("number"))
        later = datetime.now(UTC).date() + timedelta(days=420)

        found = verifying.verify(seals, [], today=later)

    assert (found.holds, found.expired, found.lines) == (True, 3, 0)


def test_lines_of_one_transaction_in_two_months_are_two_batches(world):
    with bound(world.acme):
        now = datetime.now(UTC)
        with transaction.atomic():
            for months in (0, 1, 0, 1):
                at = (now.replace(day=1) + timedelta(days=32 * months)).replace(day=2)
                details = {"actor": "x", "ip": "", "about": "", "data": {}}
                AuditRow(event=Event.SIGNED_IN, at=at, details=details).save(force_insert=True)
        seal_now()
        seals = list(AuditSeal.objects.order_by("number"))
    assert [seal.rows for seal in seals] == [2, 2]
    assert verdict(world.acme).holds


def test_the_system_is_an_actor_like_any_other(world):
    with bound(world.acme):
        record(Event.RETENTION_RAN, by=SYSTEM)
        assert AuditRow.objects.get().actor == "Paitho"
