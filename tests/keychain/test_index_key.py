"""Another index key: what is stored is found under it, also where nobody knows the value any more."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import OperationalError, connections, models, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Member, Role
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from campaigns.approval import approve
from keychain import actions, reindexing, rotation
from keychain.crypto.blind import BlindIndex
from keychain.crypto.secret import Secret
from keychain.index import blind_index
from keychain.models import Credential, IndexVersion, KeyJob, KeyState, KeyWork, Kind
from leads.actions import suppress
from leads.filtering import Filter
from leads.models import Lead, Reason, Suppression
from mailbox.models import Message
from tenants import keys
from tenants.binding import bound
from tenants.directory import wrapped_keys
from tenants.removal import remove
from tenants.workspace import WorkspaceRef
from tests.campaigns.world import a_draft
from tests.mail_world import a_lead
from tests.world import client_of, make_workspace, member

OLGA = Actor(None, "Olga")
K1, K2, K3 = bytes(32), bytes(range(32)), bytes(range(7, 39))


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(keys, "LISTING_SECONDS", 0.0)
    monkeypatch.setattr(rotation, "RESERVE_SECONDS", 0.0)
    monkeypatch.setattr(rotation, "SOON", timedelta(0))


@pytest.fixture(scope="module")
def _indexed(_workspaces):
    workspace = make_workspace("indexed")
    yield workspace
    remove(workspace)


@pytest.fixture
def indexed(world, _indexed) -> WorkspaceRef:
    """Leads, suppressions of an address that is no lead and of a domain, an approved mail, a key."""
    person = member(_indexed, "Olga", Role.OWNER)
    with bound(_indexed):
        by = Actor(person.pk, "Olga")
        a_lead(
            "ada@engines.test",
            first_name="Ada",
            last_name="Lovelace",
            company="Analytics",
            title="Head of Sums",
        )
        a_lead("bob@looms.test", first_name="Bob", company="Looms")
        suppress("gone@nowhere.test", Reason.OPT_OUT)
        suppress("looms.test", Reason.BY_HAND, covers_domain=True)
        approve(a_draft(by), by=by)
        actions.add_credential(Kind.OPENAI, "Ours", Secret("sk-0123456789abcdef"), by=by)
    return _indexed


def change(workspace: WorkspaceRef) -> None:
    with bound(workspace):
        actions.change_keys(KeyWork.INDEX, by=OLGA)
    finish(workspace)


def finish(workspace: WorkspaceRef) -> None:
    """What the workers do about keys, and nothing else."""
    with bound(workspace):
        while rotation.open_job():
            rotation.rekey_slice()
            rotation.reseal_slice()
    keys.forget_everything()


def found(text: str) -> list[str]:
    return sorted(lead.email for lead in Filter(q=text).leads())


def index_versions(workspace: WorkspaceRef) -> list[int]:
    return [key.version for key in wrapped_keys(workspace.id) if key.purpose == "index"]


def test_everything_is_found_under_the_new_key_and_nothing_under_the_old(indexed):
    (before,) = index_versions(indexed)
    with bound(indexed):
        old, prints = blind_index(), Credential.objects.get(label="Ours").fingerprint

    change(indexed)

    assert index_versions(indexed) == [before + 1]
    with bound(indexed):
        for text in ("ada@engines.test", "lovelace", "love", "analytics", "sums", "ada head"):
            assert found(text) == ["ada@engines.test"]
        assert blind_index().version == before + 1
        assert not Lead.objects.filter(email_index=old.email("ada@engines.test")).exists()
        assert not Lead.objects.filter(words__overlap=old.probes("name", "lovelace")).exists()
        now = Credential.objects.get(label="Ours")
        assert now.fingerprint == actions.fingerprint(now.secret) != prints
        told = AuditRow.objects.filter(event=Event.KEY_CHANGED).latest("at")
        assert (told.actor, told.details["data"]) == ("Olga", {"work": "index", "version": before + 1})


def test_a_suppressed_address_that_nobody_knows_stays_suppressed(indexed):
    """Guards the promise that outlives the address: only its fingerprint is kept."""
    change(indexed)

    with bound(indexed):
        blind = blind_index()
        assert Suppression.objects.filter(
            index=blind.email("gone@nowhere.test"), covers_domain=False
        ).exists()
        assert Suppression.objects.filter(index=blind.domain("looms.test"), covers_domain=True).exists()
        suppress("gone@nowhere.test", Reason.COMPLAINT)  # once more
        assert Suppression.objects.count() == 2


def test_a_mail_that_waits_is_still_compared_with_suppressions(indexed):
    change(indexed)

    with bound(indexed):
        message = Message.objects.get()
        lead = message.thread.lead
        assert bytes(message.recipient_index) == bytes(lead.email_index)
        assert bytes(message.recipient_index) == blind_index().email(lead.email)


def test_it_may_be_changed_again(indexed):
    change(indexed)
    change(indexed)

    with bound(indexed):
        assert found("lovelace") == ["ada@engines.test"]
        assert blind_index().version >= 3


def test_leads_are_read_while_it_changes_and_who_writes_waits(indexed):
    with bound(indexed):
        actions.change_keys(KeyWork.INDEX, by=OLGA)
        rotation.rekey_slice()
    seen: dict[str, object] = {}

    def read() -> None:
        with bound(indexed):
            seen["read"] = found("lovelace")
        connections["default"].close_everything()
        connections["directory"].close()

    def write() -> None:
        with bound(indexed), transaction.atomic():
            seen["version"] = blind_index().version
            a_lead("eve@late.test", first_name="Eve")
        connections["default"].close_everything()
        connections["directory"].close()

    with bound(indexed), transaction.atomic():
        reindexing.change_all()
        reader, writer = threading.Thread(target=read), threading.Thread(target=write)
        reader.start()
        reader.join(30)
        assert seen == {"read": ["ada@engines.test"]}
        writer.start()
        writer.join(0.5)
        assert "version" not in seen
    writer.join(30)

    with bound(indexed):
        assert seen["version"] == blind_index().version
        assert found("eve@late.test") == ["eve@late.test"]
    finish(indexed)


def test_a_page_that_waits_in_vain_says_so(indexed, monkeypatch):
    """Guards against a bare error page while every fingerprint changes."""
    from psycopg.errors import LockNotAvailable

    def held(*_: object, **__: object) -> None:
        try:
            raise LockNotAvailable
        except LockNotAvailable as error:
            raise OperationalError from error

    with bound(indexed):
        browser = client_of(indexed, Member.objects.get())
    browser.raise_request_exception = False
    monkeypatch.setattr("leads.views.leads.add_lead", held)

    answer = browser.post("/leads/new/", {"email": "eve@late.test"})

    assert answer.status_code == 503
    assert b"is being changed as a whole at this moment" in answer.content


def test_a_change_that_is_killed_changes_nothing_and_is_done_again(indexed, monkeypatch):
    with bound(indexed):
        actions.change_keys(KeyWork.INDEX, by=OLGA)
        rotation.rekey_slice()
        with monkeypatch.context() as broken:
            broken.setattr(IndexVersion, "save", lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                rotation.reseal_slice()
        keys.forget_everything()
        assert found("lovelace") == ["ada@engines.test"]
        assert KeyJob.objects.get().state == KeyState.WORKING

    finish(indexed)

    keys.forget_everything()
    with bound(indexed):
        assert found("lovelace") == ["ada@engines.test"]
        assert KeyJob.objects.get().state == KeyState.DONE


def test_what_was_stored_late_with_the_old_key_follows(indexed):
    with bound(indexed):
        old = blind_index()
        actions.change_keys(KeyWork.INDEX, by=OLGA)
        rotation.rekey_slice()
        rotation._step()
        Suppression(index=old.email("late@nowhere.test"), reason=Reason.OPT_OUT).save()
        Suppression(index=old.email("gone@nowhere.test"), reason=Reason.ERASURE).save()  # there already
    finish(indexed)

    keys.forget_everything()
    with bound(indexed):
        blind = blind_index()
        for address in ("late@nowhere.test", "gone@nowhere.test"):
            assert Suppression.objects.filter(index=blind.email(address)).count() == 1
        assert Suppression.objects.count() == 3
        gone = Suppression.objects.get(index=blind.email("gone@nowhere.test"))
        assert gone.reason == Reason.ERASURE


def test_a_restored_backup_catches_up(indexed):
    """Its leads come back with fingerprints of before; what was carried forward has the latest."""
    with bound(indexed):
        old = blind_index()
    change(indexed)
    with bound(indexed):
        ada = Lead.objects.get(email_index=blind_index().email("ada@engines.test"))
        words = old.words("name", "Ada Lovelace")
        Lead.objects.filter(pk=ada.pk).update(
            email_index=old.email("ada@engines.test"), domain_index=old.domain("engines.test"), words=words
        )
        IndexVersion.objects.update(version=old.version)

        reindexing.catch_up()

        assert found("ada@engines.test") == found("lovelace") == ["ada@engines.test"]
        assert found("@looms.test") == ["bob@looms.test"]


def test_the_command(indexed, capsys):
    (before,) = index_versions(indexed)

    call_command("rotate_index_key", "indexed")

    assert "indexed: done" in capsys.readouterr().out
    assert index_versions(indexed) == [before + 1]


def test_every_column_of_fingerprints_is_changed():
    """A new one that is not in the list would be forgotten by a change of the key."""
    # Of random, approved or audited content, under no key.
    others = {"approved_hash", "opt_out_hash", "hash", "previous", "rows_hash"}
    stored = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.BinaryField) and field.max_length == 32
    }
    listed = {(table, column) for table, columns in reindexing.INDEXED.items() for column in columns}

    assert {(table, column) for table, column in stored if column not in others} == listed


@given(st.text(max_size=60))
def test_a_linked_number_is_what_the_whole_key_makes(text):
    one, two, three = BlindIndex(K1), BlindIndex(K1 + K2), BlindIndex(K1 + K2 + K3)

    assert two.relinked_words(one.words("name", text), 1) == two.words("name", text)
    assert three.relinked_words(two.words("name", text), 2) == three.words("name", text)
    assert set(three.probes("name", text)) <= set(three.words("name", text)) or not text.isascii()


def test_a_linked_fingerprint_is_what_the_whole_key_makes():
    one, two, three = BlindIndex(K1), BlindIndex(K1 + K2), BlindIndex(K1 + K2 + K3)
    first = one.email("ada@engines.test")

    assert two.relinked(first, 1) == two.email("Ada@Engines.test")
    assert three.relinked(first, 1) == three.relinked(two.email("ada@engines.test"), 2)
    assert three.relinked(first, 1) == three.both("ada@engines.test")[0]
    assert three.relinked(one.value("phone", "1"), 1) == three.value("phone", "1")
    assert [three.version_of(index.email("ada@engines.test")) for index in (one, two, three)] == [1, 2, 3]


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(63), Secret("short")])
def test_a_key_has_whole_parts(key):
    with pytest.raises(ValueError):
        BlindIndex(key)
