"""The address page: an owner renames the workspace and proves a host of its own, and the log knows."""

from __future__ import annotations

import dns.resolver
import pytest

from audit.models import AuditRow
from tenants import directory, domains
from tenants.binding import bound
from tests.servers.dns import dns_server
from tests.world import client_of, eddy, make_workspace, member, olga, work

HOST = "outreach.acme-corp.com"


@pytest.fixture(autouse=True)
def afterwards(world, superuser):
    yield
    superuser.execute("DELETE FROM public.domains WHERE kind = 'custom'; DELETE FROM public.domain_claims")
    superuser.execute("UPDATE public.domains SET is_primary = true WHERE kind = 'slug'")


def events(workspace, event: str) -> list[dict[str, object]]:
    with bound(workspace):
        return [row.details["data"] for row in AuditRow.objects.filter(event=event).order_by("at")]


def test_a_host_is_claimed_proved_preferred_and_given_up(world, monkeypatch):
    client = client_of(world.acme, olga(world))

    page = client.post("/address/", {"host": HOST}, follow=True)
    (found,) = [each for each in domains.hosts_of(world.acme.id) if each.host == HOST]
    assert found.record_name.encode() in page.content
    assert found.record.encode() in page.content
    with dns_server({f"TXT _paitho.{HOST}": [f'"{found.record}"']}) as resolver:
        monkeypatch.setattr(dns.resolver, "get_default_resolver", lambda: resolver)
        client.post(f"/address/{HOST}/check/")
    client.post(f"/address/{HOST}/prefer/")

    assert directory.host_of(world.acme) == HOST
    client.post(f"/address/{HOST}/give-up/")
    assert directory.host_of(world.acme) == "acme.localhost"
    changes = [data["change"] for data in events(world.acme, "workspace.hosts_changed")]
    assert changes == ["claimed", "verified", "preferred", "dropped"]


def test_a_wrong_record_says_where_it_was_looked_for(world, monkeypatch):
    client = client_of(world.acme, olga(world))
    client.post("/address/", {"host": HOST})
    with dns_server({f"TXT _paitho.{HOST}": ['"paitho-verify=guessed"']}) as resolver:
        monkeypatch.setattr(dns.resolver, "get_default_resolver", lambda: resolver)
        page = client.post(f"/address/{HOST}/check/", follow=True)

    assert f"No TXT record with this text was found at _paitho.{HOST}".encode() in page.content


@pytest.mark.parametrize("host", ["rival.localhost", "localhost", "127.0.0.1", "nonsense"])
def test_a_host_that_cannot_be_ones_own_is_refused_on_the_form(world, host):
    page = client_of(world.acme, olga(world)).post("/address/", {"host": host})

    assert page.status_code == 200
    assert b'aria-invalid="true"' in page.content
    assert events(world.acme, "workspace.hosts_changed") == []


def test_an_owner_renames_the_workspace(world, superuser):
    from tenants.removal import remove

    made = make_workspace("before")
    owner = member(made, "Olga", "owner")
    try:
        client_of(made, owner).post("/address/rename/", {"slug": "After"})
        work()
        now = directory.by_id(made.id)

        assert now.slug == "after"
        assert events(now, "workspace.renamed") == [{"was": "before", "now": "after"}]
    finally:
        remove(directory.by_id(made.id))


@pytest.mark.parametrize("slug", ["rival", "www", "a", "acme"])
def test_a_name_that_cannot_be_had_is_refused_and_not_logged(world, slug):
    page = client_of(world.acme, olga(world)).post("/address/rename/", {"slug": slug})

    assert page.status_code == 200
    assert b'aria-invalid="true"' in page.content
    assert events(world.acme, "workspace.renamed") == []


def test_an_admin_changes_no_address(world):
    client = client_of(world.acme, eddy(world))

    assert client.post("/address/rename/", {"slug": "after"}).status_code == 403
    assert client.post("/address/", {"host": HOST}).status_code == 403
