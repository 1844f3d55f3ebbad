"""What was taken out of the keychain after a backup is not alive again after its restore."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.actors import Actor
from audit.custody import back_up, bring_back
from campaigns import readiness
from keychain.actions import add_credential, remove_credential, replace_secret, use
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.actions.opt_ins import opt_in, opt_in_of, opt_out
from leads.models import Source
from mailbox.actions.mailboxes import disconnect
from mailbox.models import Health, Mailbox
from tenants.backup.stores import Directory
from tenants.binding import bound
from tests.campaigns.world import a_campaign
from tests.mail_world import a_mailbox
from tests.world import client_of, olga

BY = Actor(None, "Olga")


@pytest.fixture
def store(tmp_path):
    return Directory(tmp_path / "backups")


def a_key(label: str, secret: str = "sk-0123456789abcdef") -> Credential:
    return add_credential(Kind.OPENAI, label, Secret(secret), by=BY)


def page_of(browser: Client) -> str:
    return browser.get("/keychain/").content.decode()


def test_a_removed_key_comes_back_emptied_and_says_so(world, store):
    """Guards `keychain.restored`: without it the key of the backup's day would pay for drafts again."""
    person = olga(world)
    with bound(world.acme):
        key = a_key("Given up")
        campaign = a_campaign(BY)
        type(campaign).objects.filter(pk=campaign.pk).update(writer=key)
        made = back_up(world.acme, store)
        type(campaign).objects.filter(pk=campaign.pk).update(writer=None)
        remove_credential(key.pk, by=BY)

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        back = Credential.objects.get(pk=key.pk)
        campaign.refresh_from_db()
        assert (back.secret, back.fingerprint, back.last_four) == (None, "", "")
        assert use(back).reveal() == "none"
        assert campaign.writer_id == key.pk
        missing = {need.title for need in readiness.missing(campaign)}
    assert "A key for the writer is chosen" in missing
    assert "Removed after this backup was made" in page_of(client_of(world.acme, person))

    with bound(world.acme):
        replace_secret(key.pk, Secret("sk-fresh-9876543210"), by=BY)
        back.refresh_from_db()
        assert (back.removed_at, use(back).reveal()) == (None, "sk-fresh-9876543210")


def test_a_replaced_key_stays_replaced_and_a_new_one_stays(world, store):
    with bound(world.acme):
        key = a_key("Ours")
        made = back_up(world.acme, store)
        replace_secret(key.pk, Secret("sk-the-one-in-use"), by=BY)
        new = a_key("Since then", "sk-since-then-12345")

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        found = {key.pk: use(key).reveal() for key in Credential.objects.all()}
    assert found == {key.pk: "sk-the-one-in-use", new.pk: "sk-since-then-12345"}


def test_a_mailbox_that_was_disconnected_stays_disconnected(world, store):
    with bound(world.acme):
        mailbox = a_mailbox()
        made = back_up(world.acme, store)
        disconnect(mailbox, by=BY)

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        back = Mailbox.objects.select_related("credential").get(pk=mailbox.pk)
        assert back.health == Health.BROKEN
        assert use(back.credential).reveal() == "none"


def test_an_opt_in_that_was_taken_back_stays_taken_back(world, store):
    """Guards the owner's word: a provider that may no longer be asked about people is not asked again."""
    with bound(world.acme):
        opt_in(Kind.APOLLO, Secret("apollo-key-0123456789"), by=BY)
        made = back_up(world.acme, store)
        opt_out(Source.APOLLO, by=BY)
        opt_in(Kind.ROCKETREACH, Secret("rocket-key-0123456789"), by=BY)

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert opt_in_of(Source.APOLLO) is None
        assert not Credential.objects.filter(kind=Kind.APOLLO).exists()
        row = opt_in_of(Source.ROCKETREACH)
        assert row is not None
        assert use(row.credential).reveal() == "rocket-key-0123456789"
