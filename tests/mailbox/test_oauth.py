"""Consent by OAuth, against an authorisation server on loopback and Dovecot."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from keychain.crypto.secret import Secret
from mailbox.account import Auth
from mailbox.folders import Folder, Role
from mailbox.imap import connect
from mailbox.oauth import (
    GOOGLE,
    MICROSOFT,
    App,
    Denied,
    Failed,
    Tokens,
    begin,
    packed,
    redeem,
    refresh,
    revoke,
    unpacked,
)
from tests.servers.dovecot import running_dovecot
from tests.servers.oauth import OAuthServer, oauth_server


@pytest.fixture
def server():
    with oauth_server() as running:
        yield running


def consented(server: OAuthServer, user: str = "olga") -> Tokens:
    begun = begin(server.app)
    code, state = server.agree(begun.url, user)
    assert state == begun.state
    tokens = redeem(server.app, code, begun.verifier)
    assert isinstance(tokens, Tokens)
    return tokens


def test_a_consent_brings_tokens_and_tells_whose_mailbox_it_is(server):
    tokens = consented(server)

    assert tokens.access.reveal() == "token-of-olga"
    assert tokens.refresh.reveal() == "refresh-of-olga"
    assert tokens.address == "olga@acme.example"
    assert tokens.is_usable(datetime.now(UTC))
    assert not tokens.is_usable(datetime.now(UTC) + timedelta(minutes=58))


def test_a_code_is_worth_nothing_without_its_verifier_and_only_once(server):
    """Guards PKCE: a code that leaks from the address line cannot be redeemed by somebody else."""
    begun, other = begin(server.app), begin(server.app)
    code, _ = server.agree(begun.url, "olga")

    stolen = redeem(server.app, code, other.verifier)
    again = redeem(server.app, code, begun.verifier)

    assert isinstance(stolen, Denied)
    assert isinstance(again, Denied)


def test_a_refreshed_access_token_keeps_what_the_vendor_does_not_repeat(server):
    tokens = consented(server)

    newer = refresh(server.app, tokens)

    assert (newer.refresh, newer.address) == (tokens.refresh, tokens.address)
    assert newer.is_usable(datetime.now(UTC))


def test_a_revoked_consent_needs_a_person(server):
    tokens = consented(server)

    assert revoke(server.app, tokens)

    assert server.revoked == ["refresh-of-olga"]
    denied = refresh(server.app, tokens)
    said = "Testers does not accept the consent any more. It said: Token has been revoked."
    assert denied == Denied(said, "invalid_grant")


@pytest.mark.parametrize(
    "answer", [(503, b"busy"), (200, b"{}"), (200, b"not json"), (200, b"[1]"), (302, b""), (429, b"{}")]
)
def test_a_vendor_in_trouble_is_asked_again_later(server, answer):
    tokens = consented(server)
    server.answer = answer

    assert isinstance(refresh(server.app, tokens), Failed)


def test_an_unreachable_vendor_and_a_wrong_client_are_told_apart(server):
    tokens = consented(server)
    wrong = replace(server.app, client_secret=Secret("old"))
    assert refresh(wrong, tokens).code == "invalid_client"

    nowhere = replace(server.app, vendor=replace(server.app.vendor, token_url="http://127.0.0.1:1/token"))
    assert refresh(nowhere, tokens) == Failed("Testers could not be reached.")


def test_without_a_lasting_consent_a_person_is_asked(server):
    assert refresh(server.app, replace(consented(server), refresh=None)).code == "no_refresh_token"


@pytest.mark.parametrize(
    "id_token", [b'"x"', b"3", b'"a.b.c"', b'"a.e30.c"', b'"a.W10.c"', b'"a.eyJlbWFpbCI6NX0.c"', b"null"]
)
def test_a_strange_id_token_names_nobody(server, id_token):
    begun = begin(server.app)
    code, _ = server.agree(begun.url, "olga")
    server.answer = (200, b'{"access_token": "t", "expires_in": "soon", "id_token": ' + id_token + b"}")

    tokens = redeem(server.app, code, begun.verifier)

    assert tokens.address is None
    assert tokens.is_usable(datetime.now(UTC))


def test_tokens_are_stored_as_one_secret(server):
    tokens = consented(server)

    assert unpacked(packed(tokens)) == tokens
    assert "token-of" not in f"{tokens} {packed(tokens)!r}"


@pytest.mark.parametrize(
    ("vendor", "scope"), [(GOOGLE, "https://mail.google.com/"), (MICROSOFT, "offline_access")]
)
def test_the_consent_page_is_asked_for_reading_sending_and_lasting_access(vendor, scope):
    begun = begin(App(vendor, "id", Secret("s"), "https://acme.example/back"), login_hint="olga@acme.example")

    query = parse_qs(urlsplit(begun.url).query)
    assert urlsplit(begun.url).scheme == "https"
    assert scope in query["scope"][0].split()
    assert query["login_hint"] == ["olga@acme.example"]
    assert begun.verifier.reveal() not in begun.url
    assert len({begin(App(vendor, "id", Secret("s"), "x")).state for _ in range(20)}) == 20


@pytest.mark.dovecot
@pytest.mark.skipif(
    not shutil.which("dovecot"), reason="dovecot is not installed (apt-get install dovecot-imapd)"
)
def test_the_token_opens_the_mailbox(server):
    tokens = consented(server, "olga")
    with running_dovecot() as dovecot:
        account = dovecot.account("olga", secret=tokens.access, auth=Auth.XOAUTH2)
        with connect(account) as session:
            assert session.state(Folder("INBOX", Role.INBOX)).uidnext == 1
