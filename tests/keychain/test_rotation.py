"""A workspace's own keys are changed while it works: nothing is lost, the old key goes, a rival's stays."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from accounts import second_factor
from accounts.models import Role
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from keychain import resealing, rotation
from keychain.actions import change_keys
from keychain.crypto import envelope
from keychain.crypto.envelope import Sealer
from keychain.crypto.secret import Secret
from keychain.errors import KeysBusy
from keychain.models import Credential, KeyJob, KeyState, KeyWork, Kind
from leads.models import Lead
from tenants import bells, keys, rekeying
from tenants.binding import bound, current
from tenants.models import Purpose
from tenants.removal import remove
from tenants.workspace import WorkspaceRef
from tests.campaigns.world import a_draft
from tests.leads.test_import import begin
from tests.mail_world import a_lead
from tests.world import client_of, make_workspace, member, work

SHEET = b"email,first_name,company,note\n" + b"".join(
    b"person%d@firm.test,Pat%d,Looms,note %d\n" % (n, n, n) for n in range(30)
)
TOTP = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _every_process_hears_at_once(monkeypatch):
    monkeypatch.setattr(keys, "LISTING_SECONDS", 0.0)
    monkeypatch.setattr(rotation, "RESERVE_SECONDS", 0.0)
    monkeypatch.setattr(rotation, "SOON", timedelta(0))


@pytest.fixture(scope="module")
def _turning(_workspaces):
    workspace = make_workspace("turning")
    yield workspace
    remove(workspace)


@pytest.fixture
def turning(world, _turning) -> WorkspaceRef:
    """Leads, a draft, a credential and a second factor."""
    from allauth.mfa.models import Authenticator

    person = member(_turning, "Olga", Role.OWNER)
    with bound(_turning):
        begin(SHEET)
        Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("sk-of-turning")).save()
        a_draft(Actor(person.pk, "Olga"))
        sealed = second_factor.SealedSecondFactor().encrypt(TOTP)
        Authenticator.objects.create(user=person, type="totp", data={"secret": sealed})
    work()
    return _turning


OLGA = Actor(None, "Olga", "192.0.2.7")


def finish(workspace: WorkspaceRef) -> None:
    """What the workers do about keys; a busy server may keep old transactions for a while."""
    with bound(workspace):
        rotation.rekey_slice()
        while rotation.open_job():
            rotation.rekey_slice()
            rotation.reseal_slice()


def versions(superuser, slug: str = "turning") -> list[int]:
    found = superuser.execute(
        "SELECT version FROM public.wrapped_keys k JOIN public.workspaces w ON w.id = k.workspace_id"
        " WHERE w.slug = %s AND k.purpose = 'data' ORDER BY version",
        [slug],
    ).fetchall()
    return [version for (version,) in found]


def key_ids(superuser) -> set[int]:
    """The key ids of all values in the schema that are sealed under a data key."""
    found = set()
    for model in resealing.sealed_tables():
        for field in resealing.sealed_fields(model):
            column, table = field.column, model._meta.db_table
            rows = superuser.execute(f"SELECT {column} FROM tenant_turning.{table}").fetchall()
            found |= {envelope.key_id_of(bytes(value)) for (value,) in rows if value is not None}
    return found


def events(workspace: WorkspaceRef) -> list[tuple[str, str, dict]]:
    wanted = [Event.KEY_CHANGE_BEGUN, Event.KEY_CHANGED, Event.KEY_CHANGE_FAILED, Event.OLD_KEY_DELETED]
    with bound(workspace):
        rows = AuditRow.objects.filter(event__in=wanted).order_by("at", "id")
        return [(row.event, row.actor, row.details["data"]) for row in rows]


def is_whole(workspace: WorkspaceRef) -> None:
    """Everything the fixture wrote opens and says what it said."""
    from allauth.mfa.models import Authenticator

    keys.forget_everything()
    with bound(workspace):
        assert {lead.profile["email"] for lead in Lead.objects.all()} >= {
            f"person{n}@firm.test" for n in range(30)
        }
        assert Credential.objects.get(label="Ours").secret.reveal() == "sk-of-turning"
        factor = Authenticator.objects.get()
        assert second_factor.SealedSecondFactor().decrypt(factor.data["secret"]) == TOTP


def test_everything_is_sealed_again_and_the_old_key_goes(turning, superuser):
    before = versions(superuser)[-1]
    (rivals,) = versions(superuser, "rival")

    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
    finish(turning)

    assert versions(superuser) == [before + 1]
    assert key_ids(superuser) == {before + 1}
    is_whole(turning)
    assert versions(superuser, "rival") == [rivals]
    assert events(turning) == [
        (Event.KEY_CHANGE_BEGUN, "Olga", {"work": "data", "kms": ""}),
        (Event.KEY_CHANGED, "Olga", {"work": "data", "version": before + 1, "deleted": [before]}),
    ]


def test_what_was_sealed_under_the_old_key_is_lost_with_it(turning, superuser):
    """Guards the meaning of the rotation: a copy of the table from before is worth nothing afterwards."""
    with bound(turning):
        stolen = [(lead.pk, bytes(_raw(lead.pk))) for lead in Lead.objects.only("pk")[:3]]
        change_keys(KeyWork.DATA, by=OLGA)
    finish(turning)

    field = Lead._meta.get_field("profile")
    keys.forget_everything()
    with bound(turning):
        for row, sealed in stolen:
            with pytest.raises(keys.KeysUnavailable):
                field.open(sealed, row)


def _raw(pk) -> bytes:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT profile FROM leads WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def test_pages_are_read_and_written_while_it_runs(turning, superuser, monkeypatch):
    monkeypatch.setattr(resealing, "ROWS", 7)
    with bound(turning):
        from accounts.models import Member

        browser = client_of(turning, Member.objects.get())
        job = change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        for _ in range(6):
            rotation._step()
    assert len(key_ids(superuser)) == 2

    assert b"person7@firm.test" in browser.get("/leads/?q=person7@firm.test").content
    assert b"person29@firm.test" in browser.get("/leads/").content
    assert b"of" in browser.get("/keychain/").content
    with bound(turning):
        a_lead("late@firm.test")
        assert KeyJob.objects.get(pk=job.pk).state == KeyState.WORKING
    finish(turning)

    is_whole(turning)
    assert len(key_ids(superuser)) == 1


def test_a_killed_worker_is_followed_by_one_that_goes_on(turning, superuser, monkeypatch):
    monkeypatch.setattr(resealing, "ROWS", 7)
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        rotation.rekey_slice()  # its worker died before the bell was settled
        for _ in range(4):
            rotation._step()
        done = KeyJob.objects.get().done
        with monkeypatch.context() as broken:
            broken.setattr(Sealer, "seal", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                rotation.reseal_slice()
        assert KeyJob.objects.get().done >= done > 0
    finish(turning)

    is_whole(turning)
    assert len(versions(superuser)) == 1
    assert key_ids(superuser) == set(versions(superuser))


def test_what_a_slow_process_still_seals_under_the_old_key_is_found(turning, superuser):
    """Guards the sweep: without it the row below would be lost with the old key."""
    with bound(turning):
        seal = Lead._meta.get_field("profile").sealer()  # before the rotation
        change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        while KeyJob.objects.get().state == KeyState.WORKING and KeyJob.objects.get().fence_xid is None:
            rotation._step()
        late = a_lead("slow@firm.test")
        with connections["default"].cursor() as cursor:
            sealed = seal({"email": "slow@firm.test"}, late.pk)
            cursor.execute("UPDATE leads SET profile = %s WHERE id = %s", [sealed, late.pk])
    assert len(key_ids(superuser)) == 2

    finish(turning)

    is_whole(turning)
    with bound(turning):
        assert Lead.objects.get(pk=late.pk).email == "slow@firm.test"


def test_the_sweep_waits_until_every_process_knows_and_old_transactions_have_ended(turning, monkeypatch):
    monkeypatch.setattr(rotation, "RESERVE_SECONDS", 60.0)
    monkeypatch.setattr(rotation, "SOON", timedelta(seconds=2))
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        rotation.reseal_slice()
        job = KeyJob.objects.get()
        assert (job.state, job.done) == (KeyState.WORKING, job.total)
        assert rotation.reseal_slice() == job.fence_at
        KeyJob.objects.update(fence_at=timezone.now())
        with _open_transaction(turning):
            assert rotation.reseal_slice() > timezone.now() - timedelta(seconds=1)
            rotation.reseal_slice()
            assert KeyJob.objects.get().state == KeyState.WORKING
        while KeyJob.objects.get().state == KeyState.WORKING:
            rotation._step()
    finish(turning)
    is_whole(turning)


def _open_transaction(workspace: WorkspaceRef):
    """Another session of the workspace that has written and not committed."""
    from contextlib import contextmanager

    import psycopg

    @contextmanager
    def opened():
        parameters = connections["default"].get_connection_params()
        plain = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
        with psycopg.connect(**plain) as other:
            other.execute("UPDATE workspace_profile SET name = name")
            yield
            other.rollback()

    return opened()


def test_a_value_changed_meanwhile_is_not_overwritten(turning, superuser, monkeypatch):
    """Guards the comparison in the update: a stale copy must not come back."""
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        lead = Lead.objects.order_by("pk").first()
        read = resealing._is_older

        def changed_after_reading(row, field, version):
            if row.pk == lead.pk:
                fresh = Lead._meta.get_field("profile").seal({"email": "new@firm.test"}, lead.pk)
                with connections["default"].cursor() as cursor:
                    cursor.execute("UPDATE leads SET profile = %s WHERE id = %s", [fresh, lead.pk])
            return read(row, field, version)

        monkeypatch.setattr(resealing, "_is_older", changed_after_reading)
        with transaction.atomic():
            resealing.reseal_batch(Lead, None, keys.latest_version(turning.id, Purpose.DATA))
        monkeypatch.undo()

        assert Lead.objects.get(pk=lead.pk).email == "new@firm.test"


def test_two_changes_at_once_are_refused(turning):
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
        with pytest.raises(KeysBusy):
            change_keys(KeyWork.WRAPS, by=OLGA)
    finish(turning)


def test_the_command_does_it_all_and_says_how_far_it_is(turning, superuser, capsys):
    before = versions(superuser)[-1]

    call_command("rotate_keys", "turning")

    assert versions(superuser) == [before + 1]
    said = capsys.readouterr().out
    assert "turning: done" in said
    assert "of" in said
    is_whole(turning)
    assert events(turning)[-1][1] == "An operator, by command line"


def test_a_command_in_the_background_only_begins(turning, superuser, capsys):
    before = versions(superuser)[-1]

    call_command("rotate_keys", "turning", "--background")

    assert versions(superuser) == [before]
    finish(turning)
    assert versions(superuser) == [before + 1]


def test_the_audit_log_is_still_read_after_a_rotation(turning):
    """Its lines cannot be sealed again, so they have a key by the month."""
    with bound(turning):
        before = [row.actor for row in AuditRow.objects.order_by("id")]
        change_keys(KeyWork.DATA, by=OLGA)
    finish(turning)
    keys.forget_everything()
    with bound(turning):
        assert [row.actor for row in AuditRow.objects.order_by("id")][: len(before)] == before
        assert {envelope.key_id_of(_details(row.pk)) for row in AuditRow.objects.all()} == {
            int(f"{timezone.now():%Y%m}")
        }


def _details(pk) -> bytes:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT details FROM audit_log WHERE id = %s", [pk])
        return bytes(cursor.fetchone()[0])


def test_the_old_key_stays_as_long_as_a_backup_can_only_be_read_with_it(turning, superuser, monkeypatch):
    """Guards a restore: without its key a backup of before the rotation is worth nothing."""
    before = versions(superuser)[-1]
    until = timezone.now() + timedelta(days=9)
    monkeypatch.setattr(rekeying, "needed_by_backups_until", lambda *_: until)
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
    finish(turning)
    assert versions(superuser) == [before, before + 1]
    assert key_ids(superuser) == {before + 1}
    with bound(turning):
        assert rotation.rekey_slice() == until
        _restore_under(before)
        KeyJob.objects.update(keeps_until=timezone.now())
        bells.ring("rekey")

    finish(turning)

    assert versions(superuser) == [before + 1]
    is_whole(turning)
    told = [told for _, _, told in events(turning)]
    assert told[1]["old_key_kept_until"] == until.isoformat()


def _restore_under(version: int) -> None:
    """One lead as a restored backup would bring it back: sealed under the old key."""
    lead = Lead.objects.order_by("pk").first()
    workspace = current().id
    sealer = Sealer(keys.open_key(workspace, Purpose.DATA, version), version, workspace, "leads", "profile")
    sealed = sealer.seal(lead.pk, json.dumps(lead.profile).encode())
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE leads SET profile = %s WHERE id = %s", [sealed, lead.pk])


def test_the_old_key_is_not_deleted_while_a_value_needs_it(turning, superuser, monkeypatch):
    """Guards the last look: what a restore brought back after the sweep would be lost."""
    before = versions(superuser)[-1]
    with bound(turning):
        change_keys(KeyWork.DATA, by=OLGA)
        rotation.rekey_slice()
        while KeyJob.objects.get().state != KeyState.RETIRING:
            rotation._step()
        _restore_under(before)
        rotation.rekey_slice()
        assert KeyJob.objects.get().state == KeyState.SWEEPING
    assert versions(superuser) == [before, before + 1]

    finish(turning)

    assert versions(superuser) == [before + 1]
    is_whole(turning)


def test_the_old_key_can_be_deleted_at_once(turning, superuser, monkeypatch):
    before = versions(superuser)[-1]
    monkeypatch.setattr(rekeying, "needed_by_backups_until", lambda *_: timezone.now() + timedelta(days=9))

    call_command("rotate_keys", "turning", "--at-once")

    assert versions(superuser) == [before + 1]
