"""The checklist before a launch: what receivers see of a mailbox, and whether the opt-out page answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit.actors import Actor
from campaigns import actions, reachability
from campaigns.errors import NotReady
from campaigns.reachability import MARK, NO_MAIL, Reach, reach_of
from campaigns.readiness import Need, needs
from mailbox.models import Mailbox
from tenants.binding import bound
from tests.campaigns.world import a_campaign
from tests.mail_world import a_lead
from tests.servers.web import serving
from tests.world import client_of, olga, rita


@contextmanager
def host(status: str, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """A web server that always answers so; its origin, and the paths that it was asked for."""
    asked: list[str] = []

    def application(environ, start_response):
        asked.append(
            f"{environ['REQUEST_METHOD']} {environ['HTTP_HOST'].partition(':')[0]}{environ['PATH_INFO']}"
        )
        start_response(status, list(headers.items()))
        return [body]

    with serving(application) as port:
        yield f"http://acme.localhost:{port}", asked


def test_the_opt_out_address_is_asked_as_a_recipient_would_and_only_its_own_page_counts():
    with host("404 Not Found", b"<h1>This link names no mail</h1>") as (origin, asked):
        assert reach_of(origin) is Reach.ANSWERS
    assert asked == [f"GET acme.localhost{NO_MAIL}"]


OTHERS = {
    "a parked domain": ("200 OK", b"Buy this domain", {}),
    "another site's missing page": ("404 Not Found", b"Nothing here", {}),
    "a proxy without a server behind it": ("502 Bad Gateway", MARK, {}),
    "a page that says so and is found": ("200 OK", MARK, {}),
}


@pytest.mark.parametrize("who", OTHERS)
def test_what_is_not_the_opt_out_page_is_wrong(who):
    status, body, headers = OTHERS[who]
    with host(status, body, **headers) as (origin, _):
        assert reach_of(origin) is Reach.WRONG


def test_no_redirect_is_followed():
    with host("404 Not Found", MARK) as (inside, reached):
        with host("302 Found", b"", Location=f"{inside}{NO_MAIL}") as (origin, _):
            assert reach_of(origin) is Reach.WRONG
        assert reached == []


def test_a_host_that_leads_into_a_private_network_is_not_connected_to(settings):
    """Guards the address guard: a workspace's own host is a name that others may point anywhere."""
    settings.ALLOW_PRIVATE_HOSTS = False
    with host("404 Not Found", MARK) as (origin, asked):
        assert reach_of(origin) is Reach.SILENT
        assert reach_of(origin.replace("acme.localhost", "127.0.0.1")) is Reach.SILENT
        assert asked == []


def test_a_host_that_is_closed_or_never_answers_is_silent(monkeypatch):
    monkeypatch.setattr(reachability, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert reach_of(f"http://acme.localhost:{port}") is Reach.SILENT
    assert reach_of(f"http://acme.localhost:{port}") is Reach.SILENT


def test_a_host_that_answers_drop_by_drop_takes_no_longer_than_a_few_seconds(monkeypatch):
    """Guards the whole exchange's bound: each byte in time would else hold a web process for ever."""
    monkeypatch.setattr(reachability, "SECONDS", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            line, _ = listening.accept()
            with line:
                while not stop.wait(0.05):
                    try:
                        line.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        found = reach_of(f"http://acme.localhost:{listening.getsockname()[1]}")
        stop.set()
        thread.join()

    assert found is Reach.SILENT


def test_the_page_for_an_unknown_link_carries_the_mark(world):
    page = client_of(world.acme).get(NO_MAIL)

    assert (page.status_code, MARK in page.content) == (404, True)


@pytest.fixture
def campaign(world, by):
    with bound(world.acme):
        a_lead()
        reachability.cache.delete(reachability.NAME)
        yield a_campaign(by)
        reachability.cache.delete(reachability.NAME)


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


def need(campaign, title: str) -> Need:
    return next(each for each in needs(campaign) if title in each.title)


def test_only_an_address_where_something_else_answers_keeps_a_campaign_from_its_launch(campaign, by):
    with host("200 OK", b"Buy this domain") as (origin, _):
        port = int(origin.rpartition(":")[2])
        reachability.cache.set(reachability.NAME, reach_of(f"http://acme.localhost:{port}").value)
    with pytest.raises(NotReady, match="Something else answers where the opt-out link leads"):
        actions.launch(campaign, by=by)

    reachability.cache.set(reachability.NAME, Reach.SILENT.value)
    page = need(campaign, "opt-out page")
    assert (page.is_met, page.is_advice) == (False, True)
    actions.launch(campaign, by=by)


def test_the_checklist_says_when_nobody_has_looked_and_one_look_settles_it(world, campaign):
    reachability.cache.delete(reachability.NAME)
    browser, here = client_of(world.acme, rita(world)), f"/campaigns/{campaign.pk}/checklist/"
    assert "Nobody has looked yet" in browser.get(here).content.decode()

    looked = browser.post(f"{here}look/", follow=True)

    assert looked.redirect_chain[-1][0] == here
    assert "Nobody has looked yet" not in looked.content.decode()


FINDINGS = [
    {"name": name, "state": "good", "sentence": "In order.", "record": ""}
    for name in ("SPF", "DMARC", "DKIM")
]


def test_a_mailbox_that_nobody_has_looked_into_is_advice_and_not_yet_known(campaign):
    found = need(campaign, "sales@acme.sandbox")

    assert (found.is_met, found.is_advice, found.is_unknown) == (False, True, True)
    assert found.sentence == "Not checked yet for sales@acme.sandbox: SPF, DKIM, DMARC."
    assert found.mailbox == campaign.mailboxes.get().pk


def test_what_was_found_is_shown_and_what_was_not_looked_for_is_named(campaign):
    def saw(findings) -> Need:
        mailbox = Mailbox.objects.get()
        mailbox.deliverability = {"findings": findings}
        mailbox.save()
        return need(campaign, "sales@acme.sandbox")

    assert saw(FINDINGS).is_met
    assert saw(FINDINGS[:2]).sentence == "Not checked yet for sales@acme.sandbox: DKIM."
    bad = saw([{**FINDINGS[0], "state": "bad", "sentence": "There are several SPF records."}, *FINDINGS[1:]])
    assert (bad.is_met, bad.is_advice, bad.is_unknown) == (False, True, False)
    assert bad.sentence == "sales@acme.sandbox. SPF: There are several SPF records."


def test_a_sandbox_mailbox_is_not_asked_for_what_only_real_domains_have(campaign):
    Mailbox.objects.update(is_sandbox=True)

    assert not [each for each in needs(campaign) if "SPF" in each.title]
