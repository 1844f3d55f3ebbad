"""A workspace's own host: proved by a TXT record, against a real name server on loopback."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants import directory, domains
from tenants.domains import BadHost, NotProved
from tests.servers.dns import dns_server

HOST = "outreach.acme-corp.com"


@pytest.fixture(autouse=True)
def afterwards(world, superuser):
    yield
    superuser.execute(
        "DELETE FROM public.domains WHERE kind = 'custom'; DELETE FROM public.domain_claims;"
        " UPDATE public.domains SET is_primary = true WHERE kind = 'slug'"
    )


def record_of(workspace, host: str = HOST) -> str:
    (found,) = [each for each in domains.hosts_of(workspace.id) if each.host == host]
    return found.record


def zone(*texts: str) -> dict[str, list[str]]:
    return {f"TXT _paitho.{HOST}": [f'"{text}"' for text in texts]}


def verified(workspace) -> None:
    domains.claim(workspace.id, HOST)
    with dns_server(zone("v=spf1 -all", record_of(workspace))) as resolver:
        domains.prove(workspace.id, HOST, resolver=resolver)


def test_a_claimed_host_answers_only_once_it_is_proved(world):
    domains.claim(world.acme.id, f"  {HOST.upper()}. ")
    assert Client(HTTP_HOST=HOST).get("/sign-in/").status_code == 404
    with dns_server(zone("v=spf1 -all", record_of(world.acme))) as resolver:
        domains.prove(world.acme.id, HOST, resolver=resolver)

    answer = Client(HTTP_HOST=HOST).get("/sign-in/")

    assert answer.status_code == 200
    assert directory.door(HOST).workspace.id == world.acme.id


@pytest.mark.parametrize("texts", [(), ("paitho-verify=guessed",), ("v=spf1 -all",)])
def test_without_the_right_record_nothing_is_verified(world, texts):
    domains.claim(world.acme.id, HOST)
    with dns_server(zone(*texts)) as resolver, pytest.raises(NotProved):
        domains.prove(world.acme.id, HOST, resolver=resolver)

    assert Client(HTTP_HOST=HOST).get("/").status_code == 404


def test_the_records_text_of_another_workspace_proves_nothing(world):
    """The Mole claims Acme's host while Acme's record is up: its text is not what the Mole was told."""
    domains.claim(world.acme.id, HOST)
    domains.claim(world.rival.id, HOST)
    with dns_server(zone(record_of(world.acme))) as resolver:
        with pytest.raises(NotProved):
            domains.prove(world.rival.id, HOST, resolver=resolver)
        domains.prove(world.acme.id, HOST, resolver=resolver)

    assert directory.door(HOST).workspace.id == world.acme.id


def test_a_verified_host_cannot_be_taken_over(world):
    domains.claim(world.rival.id, HOST)
    verified(world.acme)
    with dns_server(zone(record_of(world.rival))) as resolver, pytest.raises(BadHost):
        domains.prove(world.rival.id, HOST, resolver=resolver)
    with pytest.raises(BadHost):
        domains.claim(world.rival.id, HOST)

    assert not domains.drop(world.rival.id, HOST) or directory.door(HOST).workspace.id == world.acme.id


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "rival.localhost",
        "x.acme.localhost",
        "example",
        "127.0.0.1",
        "[::1]",
        "a!b.com",
        "box.local",
    ],
)
def test_some_hosts_are_nobodys(world, host):
    with pytest.raises(BadHost):
        domains.claim(world.acme.id, host)


def test_the_preferred_host_is_the_one_in_links(world):
    verified(world.acme)
    assert directory.host_of(world.acme) == "acme.localhost"

    domains.prefer(world.acme.id, HOST)
    assert directory.host_of(world.acme) == HOST

    domains.drop(world.acme.id, HOST)
    assert directory.host_of(world.acme) == "acme.localhost"


def test_the_slugs_own_host_cannot_be_dropped_nor_a_claim_preferred(world):
    assert not domains.drop(world.acme.id, "acme.localhost")
    domains.claim(world.acme.id, HOST)
    assert not domains.prefer(world.acme.id, HOST)
    assert not domains.prefer(world.rival.id, "acme.localhost")


def missing(superuser) -> object:
    found = superuser.execute("SELECT missing_since FROM public.domains WHERE kind = 'custom'").fetchone()
    return found[0]


def rechecked(workspace, superuser, texts: tuple[str, ...], *, is_silent: bool = False) -> None:
    superuser.execute(
        "UPDATE public.domains SET checked_at = now() - interval '2 days' WHERE kind = 'custom'"
    )
    with dns_server(zone(*texts), is_silent=is_silent) as resolver:
        domains.recheck(workspace.id, resolver=resolver)


def test_a_host_whose_record_is_gone_for_a_week_is_dropped(world, superuser):
    verified(world.acme)
    rechecked(world.acme, superuser, ())
    assert Client(HTTP_HOST=HOST).get("/sign-in/").status_code == 200
    superuser.execute("UPDATE public.domains SET missing_since = missing_since - interval '8 days'")

    rechecked(world.acme, superuser, ())

    assert Client(HTTP_HOST=HOST).get("/sign-in/").status_code == 404


def test_a_record_that_comes_back_starts_anew(world, superuser):
    verified(world.acme)
    text = record_of(world.acme)
    rechecked(world.acme, superuser, ())

    rechecked(world.acme, superuser, (text,))

    assert superuser.execute("SELECT missing_since FROM public.domains WHERE kind = 'custom'").fetchone() == (
        None,
    )


def test_a_silent_name_server_takes_no_host_away(world, superuser, monkeypatch):
    monkeypatch.setattr(domains, "PATIENCE", 0.3)
    verified(world.acme)

    rechecked(world.acme, superuser, (), is_silent=True)

    assert superuser.execute("SELECT missing_since FROM public.domains WHERE kind = 'custom'").fetchone() == (
        None,
    )


def test_no_more_than_ten_hosts_wait(world):
    for number in range(10):
        domains.claim(world.acme.id, f"h{number}.acme-corp.com")
    with pytest.raises(BadHost):
        domains.claim(world.acme.id, HOST)
