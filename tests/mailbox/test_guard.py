"""Which addresses a mail server may have."""

import pytest

from keychain.crypto.secret import Secret
from mailbox.account import Account, Security
from mailbox.guard import HostRefused, HostUnknown, LookupFailed, is_loopback, resolve
from mailbox.stream import PlaintextRefused, dial
from tests.servers.dns import dns_server


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "deep.localhost.",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "::1",
        "[::1]",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001:0:53aa:64c:0:0:f5ff:fffe",
        "2001:db8::1",
        "fec0::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(host):
    """Guards CLOSED_V4, OPEN_V6 and CLOSED_V6."""
    with pytest.raises(HostRefused):
        resolve(host, 465, allow_private=False)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "017700000001", "a b", "", "-x.example", "x" * 64, "a..b"]
)
def test_what_is_no_host_name_is_not_looked_up(host):
    with pytest.raises(HostUnknown), dns_server({}) as resolver:
        resolve(host, 465, allow_private=False, resolver=resolver)


@pytest.mark.parametrize("port", [0, -1, 22, 80, 443, 3306, 5432, 6379, 11211, 65536])
def test_a_port_that_mail_servers_do_not_use_is_refused(port):
    with pytest.raises(HostRefused):
        resolve("8.8.8.8", port, allow_private=False)


def test_public_addresses_are_pinned_ipv4_first():
    with dns_server({"mail.example": ["2a00:1450::1", "8.8.8.8", "1.1.1.1"]}) as resolver:
        *first, last = resolve("Mail.Example.", 993, allow_private=False, resolver=resolver)

    assert (set(first), last) == ({"8.8.8.8", "1.1.1.1"}, "2a00:1450::1")


def test_a_name_that_leads_inside_is_refused_and_a_mixed_one_loses_those_addresses():
    zone = {
        "inside.example": ["10.0.0.5", "::1"],
        "mixed.example": ["127.0.0.1", "9.9.9.9", "64:ff9b::909:909"],
    }
    with dns_server(zone) as resolver:
        with pytest.raises(HostRefused):
            resolve("inside.example", 465, allow_private=False, resolver=resolver)
        assert resolve("mixed.example", 465, allow_private=False, resolver=resolver) == ("9.9.9.9",)


def test_an_international_name_is_looked_up_in_its_ascii_form():
    with dns_server({"xn--bcher-kva.example": ["9.9.9.9"]}) as resolver:
        assert resolve("bücher.example", 465, allow_private=False, resolver=resolver) == ("9.9.9.9",)


def test_an_unknown_name_and_a_silent_name_server_are_told_apart(monkeypatch):
    monkeypatch.setattr("mailbox.guard.LOOKUP_SECONDS", 0.3)
    with dns_server({}) as resolver, pytest.raises(HostUnknown):
        resolve("nowhere.example", 465, allow_private=False, resolver=resolver)
    with dns_server({}, is_silent=True) as resolver, pytest.raises(LookupFailed):
        resolve("nowhere.example", 465, allow_private=False, resolver=resolver)


def test_the_operator_may_allow_what_is_private_but_nothing_that_is_no_host():
    assert resolve("localhost", 21465, allow_private=True) == ("127.0.0.1",)
    assert resolve("10.1.2.3", 25, allow_private=True) == ("10.1.2.3",)
    assert resolve("::1", 25, allow_private=True) == ("::1",)
    for host in ("0.0.0.0", "224.0.0.1", "ff02::1", "::", "::ffff:224.0.0.1", "255.255.255.255"):
        with pytest.raises(HostRefused):
            resolve(host, 25, allow_private=True)
    with dns_server({"postfix": ["172.18.0.5"]}) as resolver:
        assert resolve("postfix", 25, allow_private=True, resolver=resolver) == ("172.18.0.5",)


def test_loopback_means_every_address():
    assert is_loopback(("127.0.0.1", "::1"))
    assert not is_loopback(("127.0.0.1", "10.0.0.1"))


def test_plaintext_stays_on_this_machine():
    """Guards `dial`: even where private hosts are allowed, a password crosses no network in clear."""
    with pytest.raises(PlaintextRefused) as refusal:
        dial(Account("10.255.255.1", 25, Security.PLAIN, "olga", Secret("pw"), allow_private=True))

    assert str(refusal.value) == "10.255.255.1 is only used with TLS."
