"""Connecting by consent, through the door: a local OAuth server, Dovecot with XOAUTH2, an SMTP server."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from keychain.models import Credential, Kind
from mailbox import oauth, providers
from mailbox.account import Security
from mailbox.accounts import imap_account
from mailbox.models import Mailbox
from mailbox.providers import Limits, Provider, Server, SignIn
from mailbox.syncing import sync_mailbox
from mailbox.trouble import AuthRefused
from tenants.binding import bound
from tests.servers.oauth import oauth_server
from tests.servers.smtp_script import scripted_smtp
from tests.world import client_of, olga

pytestmark = pytest.mark.dovecot
EHLO = b"250-script\r\n250 AUTH XOAUTH2\r\n"


@pytest.fixture
def vendor(dovecot, settings, monkeypatch):
    """A vendor whose mailboxes are at Dovecot and at a scripted SMTP server."""
    with oauth_server() as server, scripted_smtp({"EHLO": EHLO}) as smtp:
        at = server.app.vendor
        settings.MAILBOX_APPS = {"google": {"id": "client-1", "secret": "client secret"}}
        settings.MAILBOX_VENDORS = {"google": at}
        where = (
            Server("127.0.0.1", smtp.port, Security.PLAIN),
            Server("127.0.0.1", dovecot.port, Security.PLAIN),
        )
        known = Provider("Testers", (), (), *where, SignIn.OAUTH, stores_sent=True, limits=Limits(), note="")
        monkeypatch.setitem(providers.BY_DOMAIN, "acme.example", known)
        yield server


def agreed(browser: Client, server, user: str = "olga@acme.example") -> str:
    """Olga goes to the vendor, agrees and comes back to the apex: where she is sent on to."""
    away = browser.post("/mailboxes/consent/google/", {"address": user})
    query = {name: value for name, [value] in parse_qs(urlsplit(away["Location"]).query).items()}
    server.codes[f"code-of-{user}"] = query["code_challenge"]
    back = urlencode({"code": f"code-of-{user}", "state": query["state"]})
    on = Client(HTTP_HOST="localhost:8000").get(f"/oauth/mailbox/?{back}")
    assert urlsplit(on["Location"]).netloc == "acme.localhost:8000"
    return on["Location"].partition("localhost:8000")[2]


def test_a_mailbox_is_connected_by_consent_and_its_token_is_refreshed_when_it_ends(world, vendor):
    browser = client_of(world.acme, olga(world))

    answer = browser.get(agreed(browser, vendor))

    assert answer.status_code == 302
    with bound(world.acme):
        mailbox = Mailbox.objects.get()
        assert (mailbox.vendor, mailbox.credential.kind) == ("google", Kind.OAUTH)
        tokens = oauth.unpacked(mailbox.credential.secret)
        old = oauth.Tokens(tokens.access, tokens.refresh, timezone.now() - timedelta(hours=1))
        mailbox.credential.secret = oauth.packed(old)
        mailbox.credential.save()

        sync_mailbox(Mailbox.objects.get())

        assert oauth.unpacked(Credential.objects.get().secret).is_usable(timezone.now())
        assert Mailbox.objects.get().health == "working"


def test_a_consent_that_was_taken_back_stops_the_mailbox_with_a_sentence(world, vendor):
    browser = client_of(world.acme, olga(world))
    browser.get(agreed(browser, vendor))
    vendor.consents.clear()
    with bound(world.acme):
        credential = Credential.objects.get()
        tokens = oauth.unpacked(credential.secret)
        credential.secret = oauth.packed(oauth.Tokens(tokens.access, tokens.refresh, timezone.now()))
        credential.save()

        with pytest.raises(AuthRefused):
            imap_account(Mailbox.objects.get())
        sync_mailbox(Mailbox.objects.get())

        assert Mailbox.objects.get().health == "broken"
        assert "does not accept the consent any more" in str(Mailbox.objects.get().problem)


def test_an_answer_that_nobody_asked_for_connects_nothing(world, vendor):
    """The guard: without the state in the session, a link could connect the attacker's mailbox."""
    browser = client_of(world.acme, olga(world))
    path = agreed(browser, vendor)
    other = client_of(world.acme, olga_again(world))

    other.get(path)

    with bound(world.acme):
        assert not Mailbox.objects.exists()


def olga_again(world):
    with bound(world.acme):
        from accounts.models import Member

        return Member.objects.get(name="Olga")


def test_disconnecting_ends_the_consent_at_the_vendor_and_forgets_the_secret(world, vendor):
    browser = client_of(world.acme, olga(world))
    browser.get(agreed(browser, vendor))
    with bound(world.acme):
        pk = Mailbox.objects.get().pk

    browser.post(f"/mailboxes/{pk}/disconnect/")

    assert vendor.revoked == ["refresh-of-olga@acme.example"]
    with bound(world.acme):
        assert "token" not in Credential.objects.get().secret.reveal()


def test_a_consent_that_ends_soon_is_said_on_the_page(world, vendor):
    browser = client_of(world.acme, olga(world))
    browser.get(agreed(browser, vendor))
    with bound(world.acme):
        Mailbox.objects.update(consent_ends_at=timezone.now() + timedelta(days=2))

    assert "The consent ends" in browser.get("/mailboxes/").content.decode()
