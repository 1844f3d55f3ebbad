"""A backup and its restore: one workspace goes back, nothing that must last is lost, no neighbour notices."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts import actions as accounts
from accounts.models import Member, Role, Session
from audit.actors import Actor
from audit.custody import back_up, bring_back, chosen, rehearse
from audit.events import Event
from audit.models import AuditRow
from campaigns.approval import approve
from campaigns.models import Draft, Enrollment, Verdict
from leads.actions import suppress
from leads.actions.people import delete_lead
from leads.models import Lead, Reason, Suppression
from mailbox.models import Delivery, Message, SendingSwitch, Thread
from tenants import directory
from tenants.backup import records
from tenants.backup.errors import BackupError, NotWhole
from tenants.backup.stores import Directory
from tenants.binding import bound
from tests.campaigns.world import a_draft, a_sent_mail
from tests.mail_world import a_lead
from tests.world import client_of, eddy, olga

pytestmark = pytest.mark.slow

BY = Actor(None, "Olga")


@pytest.fixture
def store(tmp_path):
    return Directory(tmp_path / "backups")


def checksum(superuser: psycopg.Connection, schema: str) -> dict[str, object]:
    tables = superuser.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1",
        [schema],
    ).fetchall()
    found = {}
    for (table,) in tables:
        query = f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{schema}"."{table}" t'
        found[table] = superuser.execute(query).fetchone()
    return found


def test_a_workspace_comes_back_as_it_was_and_its_neighbour_is_not_touched(world, store, superuser):
    person = olga(world)
    with bound(world.rival):
        a_lead("rival@rival.test")
    with bound(world.acme):
        kept, gone = a_lead("kept@acme.test", first_name="Kay"), a_lead("gone@acme.test")
        before = checksum(superuser, "tenant_acme")
        made = back_up(world.acme, store)
        delete_lead(gone, by=BY)
        a_lead("new@acme.test")
    rival = checksum(superuser, "tenant_rival")

    restored = bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert {lead.pk for lead in Lead.objects.all()} == {kept.pk, gone.pk}
        assert Lead.objects.get(pk=kept.pk).profile["email"] == "kept@acme.test"
        assert Member.objects.get().pk == person.pk
    assert restored.rows == made.rows
    assert made.rows["leads"] == 2
    after = checksum(superuser, "tenant_acme")
    moved = {table for table in before if before[table] != after[table]}
    assert {table.rstrip("0123456789_") for table in moved} <= {"audit_log", "audit_seals", "sending_switch"}
    assert checksum(superuser, "tenant_rival") == rival


def test_the_restored_schema_is_as_guarded_as_the_first(world, store, superuser):
    guards = """
        SELECT c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
               c.relacl::text, obj_description(c.oid, 'pg_class'),
               (SELECT array_agg((polname, pg_get_expr(polqual, c.oid),
                                  pg_get_expr(polwithcheck, c.oid))::text)
                FROM pg_policy WHERE polrelid = c.oid),
               (SELECT array_agg(pg_get_triggerdef(t.oid) ORDER BY t.tgname) FROM pg_trigger t
                WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
               (SELECT array_agg(pg_get_constraintdef(o.oid) ORDER BY o.conname) FROM pg_constraint o
                WHERE o.conrelid = c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'tenant_acme' ORDER BY 1"""
    before = superuser.execute(guards).fetchall()
    functions = """
        SELECT p.proname, p.prosecdef, p.proconfig, p.proacl::text FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'tenant_acme' ORDER BY 1"""
    routines = superuser.execute(functions).fetchall()

    bring_back(world.acme, store, back_up(world.acme, store).name)

    assert superuser.execute(guards).fetchall() == before
    assert superuser.execute(functions).fetchall() == routines
    left = superuser.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname ~ 'restoring|replaced'"
        " UNION SELECT datname FROM pg_database WHERE datname ~ 'scratch'"
    ).fetchall()
    assert left == []


def test_a_warm_session_goes_on_in_the_restored_schema(world, store):
    with bound(world.acme):
        lead = a_lead("ada@acme.test")
        for _ in range(8):  # often enough to be prepared by the server
            assert Lead.objects.filter(pk=lead.pk).exists()
        made = back_up(world.acme, store)
        delete_lead(lead, by=BY)
        assert not Lead.objects.filter(pk=lead.pk).exists()
        from tenants.backup.restoring import restore

        restore(world.acme, store, made.name)

        assert Lead.objects.filter(pk=lead.pk).exists()


def test_a_restored_workspace_sends_nothing_by_itself(world, store):
    """Guards against the mail that a snapshot sends again: what waited is approved once more."""
    olga(world)
    with bound(world.acme):
        waiting = approve(a_draft(BY), by=BY)
    made = back_up(world.acme, store)

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert SendingSwitch.objects.get().is_paused
        assert Message.objects.get(pk=waiting.pk).delivery == Delivery.CANCELLED
        draft = Draft.objects.get()
        assert (draft.verdict, draft.approved_hash, draft.message) == (Verdict.IN_REVIEW, None, None)
        assert Enrollment.objects.get().stage == "in_review"
        # A person approves it again, and then it may go.
        assert approve(draft, by=BY).delivery == Delivery.SCHEDULED


def test_mail_that_left_after_the_backup_has_left_after_the_restore(world, store):
    olga(world)
    with bound(world.acme):
        draft = a_draft(BY)
    made = back_up(world.acme, store)
    with bound(world.acme):
        message = approve(draft, by=BY)
        Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENT)
        Enrollment.objects.filter(pk=draft.enrollment_id).update(stage="sent")

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert Message.objects.get(pk=message.pk).delivery == Delivery.SENT
        assert Message.objects.get(pk=message.pk).body == message.body
        assert Enrollment.objects.get().stage == "sent"
        assert Draft.objects.get().verdict == Verdict.APPROVED


def test_mail_that_waited_in_the_backup_and_left_since_is_not_offered_again(world, store):
    """Guards the rows that both sides have: approved again, a mail that has left would leave twice."""
    olga(world)
    with bound(world.acme):
        message = approve(a_draft(BY), by=BY)
    made = back_up(world.acme, store)
    with bound(world.acme):
        Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENT, attempts=1)
        Enrollment.objects.update(stage="sent")
        Thread.objects.update(outcome="interested")

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        found = Message.objects.get()
        assert (found.pk, found.delivery, found.attempts) == (message.pk, Delivery.SENT, 1)
        assert Thread.objects.get().outcome == "interested"
        assert Enrollment.objects.get().stage == "sent"
        draft = Draft.objects.get()
        assert (draft.verdict, draft.message_id) == (Verdict.APPROVED, message.pk)


def test_who_was_suppressed_or_erased_since_stays_so(world, store):
    olga(world)
    with bound(world.acme):
        out, erased = a_lead("out@acme.test"), a_lead("erased@acme.test")
        a_sent_mail(BY)
    made = back_up(world.acme, store)
    with bound(world.acme):
        suppress("out@acme.test", Reason.OPT_OUT, by=BY)
        suppress("erased@acme.test", Reason.ERASURE, by=BY)
        delete_lead(erased, by=BY)

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert set(Suppression.objects.values_list("reason", flat=True)) == {Reason.OPT_OUT, Reason.ERASURE}
        assert Lead.objects.get(pk=out.pk).standing == "opted_out"
        assert not Lead.objects.filter(pk=erased.pk).exists()


def test_who_may_sign_in_is_as_before_the_restore(world, store):
    boss, person = olga(world), eddy(world)
    made = back_up(world.acme, store)
    browser = client_of(world.acme, boss)
    with bound(world.acme):
        accounts.remove_member(person.pk, by=Actor(boss.pk, "Olga"))

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert not Member.objects.get(pk=person.pk).is_active
        assert not Session.objects.exists()
        assert Member.objects.get(pk=boss.pk).role == Role.OWNER
    assert browser.get("/me/").status_code == 302


def test_both_ends_are_in_the_log_of_the_workspace(world, store):
    made = back_up(world.acme, store)
    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        events = set(AuditRow.objects.values_list("event", flat=True))
    assert {Event.BACKED_UP, Event.RESTORED} <= events


def test_another_workspaces_backup_is_refused(world, store, superuser):
    made = back_up(world.rival, store)
    before = checksum(superuser, "tenant_acme")

    with pytest.raises(NotWhole, match="another workspace"):
        bring_back(world.acme, store, made.name)

    assert checksum(superuser, "tenant_acme") == before


@pytest.mark.parametrize("harm", ["cut", "flip", "swap"])
def test_a_harmed_file_changes_nothing(world, store, superuser, tmp_path, harm):
    with bound(world.acme):
        for number in range(50):
            a_lead(f"p{number}@acme.test")
    made = back_up(world.acme, store)
    path = tmp_path / "backups" / made.name
    data = bytearray(path.read_bytes())
    if harm == "cut":
        del data[-40:]
    elif harm == "flip":
        data[len(data) // 2] ^= 1
    else:
        data += data[-40:]
    path.write_bytes(data)
    before = checksum(superuser, "tenant_acme")

    with pytest.raises(NotWhole):
        bring_back(world.acme, store, made.name)

    assert checksum(superuser, "tenant_acme") == before
    assert superuser.execute("SELECT 1 FROM pg_namespace WHERE nspname ~ '^restoring'").fetchone() is None


def test_the_file_holds_no_clear_text_and_is_ours_alone(world, store, tmp_path):
    with bound(world.acme):
        a_lead("canary-4711@acme.test", first_name="Canary4711")
    made = back_up(world.acme, store)

    path = tmp_path / "backups" / made.name
    data = path.read_bytes()

    assert b"anary" not in data
    assert b"COPY" not in data
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_shredded_workspace_cannot_be_restored(world, store, superuser):
    """Guards the promise that a backup does not outlive the keys."""
    from tenants import keys
    from tests.world import make_workspace

    gone = make_workspace("gone-3")
    made = back_up(gone, store)
    superuser.execute("DELETE FROM public.wrapped_keys WHERE workspace_id = %s", [gone.id])
    keys.forget(gone.id)

    with pytest.raises(Exception, match=r"keys are gone|is gone"):
        bring_back(gone, store, made.name)
    from tenants.removal import remove

    remove(gone)


def test_a_backup_with_a_wrong_identity_is_no_empty_backup(world, store, superuser, settings):
    """Guards against the dump that holds nothing and exits 0: the counts are compared."""
    with bound(world.acme):
        a_lead()
    superuser.execute("ALTER ROLE paitho_backup NOBYPASSRLS")
    try:
        with pytest.raises(BackupError):
            back_up(world.acme, store)
    finally:
        superuser.execute("ALTER ROLE paitho_backup BYPASSRLS")
    assert store.names() == []


def test_the_directory_knows_a_backup_until_it_is_deleted(world, store):
    made = back_up(world.acme, store)

    known = chosen(world.acme)

    assert (known.name, known.rows, known.size) == (made.name, sum(made.rows.values()), made.size)
    assert (known.expires_at - known.made_at).days == 35
    assert chosen(world.acme, made.name).id == made.id
    with pytest.raises(BackupError, match="no backup"):
        chosen(world.acme, "other")


def test_a_drill_is_noted_with_its_result(world, store, tmp_path):
    made = back_up(world.acme, store)

    assert rehearse(world.acme).problem == ""
    assert records.last_drill().passed
    (tmp_path / "backups" / made.name).write_bytes(b"nothing of ours at all")

    assert "not a sealed file" in rehearse(world.acme).problem
    assert not records.last_drill().passed


def test_the_commands_say_what_happened(world, tmp_path, capsys):
    call_command("backup_tenant", "acme", "--to", str(tmp_path))
    call_command("restore_drill", "acme")
    call_command("restore_tenant", "acme", "--list")
    call_command("restore_tenant", "acme")
    told = capsys.readouterr().out

    assert "equal to the live schema" in told
    assert "acme: passed" in told
    assert "Sending is paused" in told
    with pytest.raises(CommandError, match="no such workspace"):
        call_command("backup_tenant", "nobody")
    with pytest.raises(CommandError, match="neither a directory"):
        call_command("backup_tenant", "acme", "--to", "ftp://x/y")


def test_web_and_workers_cannot_write_what_the_directory_knows(world):
    """Guards the trust page's age of backups: only the backup login may claim that one was made."""
    with pytest.raises(Exception, match="permission denied"):
        directory.rows("SELECT public.backup_deleted(%s)", [world.acme.id])
