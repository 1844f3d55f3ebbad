"""Which servers are proposed for an address."""

import pytest

from mailbox.account import Security
from mailbox.guard import PORTS
from mailbox.hosts import Source, guess
from mailbox.providers import PROVIDERS, Server, SignIn, by_mx
from tests.servers.dns import dns_server

ACME = "acme.example"


@pytest.mark.parametrize(
    ("address", "smtp", "imap", "sign_in"),
    [
        ("a@gmail.com", "smtp.gmail.com", "imap.gmail.com", SignIn.OAUTH_OR_APP_PASSWORD),
        ("A@GMail.com.", "smtp.gmail.com", "imap.gmail.com", SignIn.OAUTH_OR_APP_PASSWORD),
        ("a@hotmail.com", "smtp-mail.outlook.com", "outlook.office365.com", SignIn.OAUTH),
        ("a@web.de", "smtp.web.de", "imap.web.de", SignIn.PASSWORD),
        ("a@icloud.com", "smtp.mail.me.com", "imap.mail.me.com", SignIn.APP_PASSWORD),
        ("a@163.com", "smtp.163.com", "imap.163.com", SignIn.APP_PASSWORD),
    ],
)
def test_a_known_domain_needs_no_question(address, smtp, imap, sign_in):
    with dns_server({}, is_silent=True) as resolver:
        found = guess(address, resolver=resolver)

    assert (found.smtp.host, found.imap.host, found.sign_in) == (smtp, imap, sign_in)
    assert found.source is Source.PROVIDER


@pytest.mark.parametrize(
    ("mx", "name"),
    [
        ("aspmx.l.google.com", "Google Workspace"),
        ("smtp.google.com", "Google Workspace"),
        ("acme-example.mail.protection.outlook.com", "Microsoft 365"),
        ("acme-example.m-v1.mx.microsoft", "Microsoft 365"),
        ("outlook-com.olc.protection.outlook.com", "Outlook.com"),
        ("mx00.kundenserver.de", "IONOS"),
        ("mx1.mail.ovh.net", "OVH"),
        ("smtpin.rzone.de", "STRATO"),
        ("www123.your-server.de", "Hetzner"),
        ("mta-gw.infomaniak.ch", "Infomaniak"),
        ("mx.zoho.eu", "Zoho (EU)"),
        ("mx2.zoho.com", "Zoho (own domain)"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("mxbiz1.qq.com", "Tencent Exmail"),
        ("mx.yandex.net", "Yandex"),
    ],
)
def test_a_domain_of_ones_own_is_known_by_its_mx(mx, name):
    zone = {f"MX {ACME}": ["20 backup.elsewhere.example.", f"10 {mx}."]}
    with dns_server(zone) as resolver:
        found = guess(f"olga@{ACME}", resolver=resolver)

    assert (found.provider.name, found.source) == (name, Source.MX)
    assert found.needs_oauth == (found.sign_in is SignIn.OAUTH)


def test_an_mx_that_only_ends_alike_is_nobodys():
    assert by_mx("mail.notgoogle.com") is None
    assert by_mx("google.com.evil.example") is None


def test_what_the_domain_publishes_is_taken():
    zone = {
        f"MX {ACME}": ["10 mx.acme.example."],
        f"SRV _submissions._tcp.{ACME}": [
            "0 1 465 .",
        ],
        f"SRV _submission._tcp.{ACME}": ["10 1 587 second.acme.example.", "5 1 2525 first.acme.example."],
        f"SRV _imaps._tcp.{ACME}": ["0 1 993 light.acme.example.", "0 9 993 heavy.acme.example."],
    }
    with dns_server(zone) as resolver:
        found = guess(f"olga@{ACME}", resolver=resolver)

    assert found.source is Source.SRV
    assert found.smtp == Server("first.acme.example", 2525, Security.STARTTLS)
    assert found.imap == Server("heavy.acme.example", 993, Security.TLS)


def test_the_customary_names_are_proposed_if_they_exist():
    zone = {f"smtp.{ACME}": ["9.9.9.9"], f"mail.{ACME}": ["2a00::1"]}
    with dns_server(zone) as resolver:
        found = guess(f"olga@{ACME}", resolver=resolver)

    assert (found.smtp.host, found.imap.host) == (f"smtp.{ACME}", f"mail.{ACME}")
    assert found.source is Source.CUSTOM
    assert "please check" in found.note


def test_nothing_found_and_a_silent_name_server_end_in_a_sentence(monkeypatch):
    monkeypatch.setattr("mailbox.hosts.PATIENCE", 0.3)
    for is_silent in (False, True):
        with dns_server({}, is_silent=is_silent) as resolver:
            found = guess(f"olga@{ACME}", resolver=resolver)
        assert (found.smtp, found.imap, found.source) == (None, None, Source.UNKNOWN)
        assert found.note.endswith(".")


@pytest.mark.parametrize(
    "address", ["", "@", "olga", "olga@", "a@b c", "a@127.0.0.1", "a@[::1]", "a@" + "x" * 300]
)
def test_what_is_no_address_is_said_so(address):
    assert guess(address).source is Source.UNKNOWN


def test_proton_says_why_there_is_nothing_to_propose():
    found = guess("a@proton.me")

    assert (found.smtp, found.sign_in) == (None, SignIn.NONE)
    assert "Bridge" in found.note


def test_the_table_is_consistent():
    domains = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(domains) == len(set(domains))
    for provider in PROVIDERS:
        for server in (provider.smtp, provider.imap):
            assert server is None or server.port in PORTS
            assert server is None or server.security is not Security.PLAIN
        assert provider.sign_in is not SignIn.NONE or provider.smtp is None
