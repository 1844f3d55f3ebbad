"""Errors reach Sentry only with a DSN, name nobody, and go to a paid workspace's own server if it has one.

Real requests fail in the real application; a relay on loopback keeps what the SDK sends.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import sentry_sdk
from django.test import Client

from accounts.models import Member
from audit.events import Event
from audit.models import AuditRow
from paitho import sentry
from tenants import bells, directory
from tenants.binding import bound
from tests.live import Live, live, port
from tests.servers.relay import Relay, serving
from tests.world import PASSWORD, client_of, olga, rita

__all__ = ["live", "port"]

SECRETS = (
    "olga@acme.example", "Olga", "nora@northwind.example", "Northwind", "tracking=1", "x-very-secret",
    "203.0.113.7", "sk-live-abcdef", PASSWORD,
)  # fmt: skip


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Our own Sentry, switched on in this process and off again."""
    before = sentry_sdk.get_global_scope().client
    sentry.forget_servers()
    with serving() as running:
        sentry.start(running.dsn)
        yield running
        sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(before)


@pytest.fixture
def own() -> Iterator[Relay]:
    """The server of a workspace's own."""
    with serving() as running:
        yield running


@pytest.fixture
def broken(monkeypatch) -> None:
    """The page of members breaks with an error whose words and variables hold a prospect."""

    def breaks() -> None:
        password, lead = "x-very-secret", {"email": "nora@northwind.example", "company": "Northwind"}
        raise RuntimeError(f"cannot show {lead} with {password} and sk-live-abcdef")

    monkeypatch.setattr("accounts.queries.active_members", breaks)


def ask(live: Live, browser: Client, method: str, path: str, body: str = "") -> int:
    """One request over HTTP, as a browser with these cookies sends it; the status of the answer."""
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())
    headers = {
        "Host": f"acme.localhost:{live.port}", "Cookie": cookies, "Referer": "https://nora.example/Northwind",
        "X-Secret": "x-very-secret", "User-Agent": "Northwind", "X-Forwarded-For": "203.0.113.7",
        "Content-Type": "application/x-www-form-urlencoded", "Origin": live.origin("acme"),
    }  # fmt: skip
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)) as line:
        line.request(method, path, body.encode(), headers)
        return line.getresponse().status


def break_a_page(live: Live, browser: Client) -> None:
    assert ask(live, browser, "GET", "/members/?q=nora@northwind.example&tracking=1") == 500


def test_nothing_is_switched_on_without_a_dsn(world, live, broken):
    sentry.start("")
    sentry.start(None)

    assert not sentry_sdk.get_client().is_active()
    break_a_page(live, client_of(world.acme, olga(world)))


def test_an_event_names_the_place_and_nobody(world, live, relay, broken):
    """Guards the whole of an event, byte for byte, not a list of fields."""
    browser = client_of(world.acme, olga(world))

    break_a_page(live, browser)

    (event,) = relay.wait_for(1)
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", sentry.NOT_SENT)
    assert error["stacktrace"]["frames"][-1]["function"] == "breaks"
    assert event["request"] == {"method": "GET", "url": live.apex}
    assert event["tags"] == {"workspace": str(world.acme.id)}
    assert event["transaction"] == "/members/"
    told = relay.everything()
    for secret in (*SECRETS, *(cookie.value for cookie in browser.cookies.values())):
        assert secret not in told
    assert "vars" not in told
    assert "breadcrumbs" not in told


def test_a_form_that_breaks_takes_nothing_of_what_was_typed(world, live, relay, monkeypatch):
    monkeypatch.setattr("accounts.actions.invite", lambda *_, **__: 1 / 0)
    browser = client_of(world.acme, olga(world))
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/members/").content.decode()).group(
        1
    )
    body = urlencode({"email": "nora@northwind.example", "role": "member", "csrfmiddlewaretoken": token})

    assert ask(live, browser, "POST", "/members/", body) == 500

    (event,) = relay.wait_for(1)
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"
    assert event["request"]["method"] == "POST"
    assert "nora" not in relay.everything()


def test_a_link_with_a_token_is_told_without_it(world, relay, monkeypatch):
    monkeypatch.setattr("accounts.actions.invitation_of", lambda token: 1 / 0)
    browser = client_of(world.acme)
    browser.raise_request_exception = False
    token = "T0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0k"

    browser.get(f"/invitation/{token}")

    (event,) = relay.wait_for(1)
    assert event["transaction"] == "/invitation/{token}"
    assert token not in relay.everything()


def test_the_words_of_the_database_stay_here(world, relay, monkeypatch):
    """PostgreSQL's words hold the values: only its code is told."""
    person = olga(world)
    browser = client_of(world.acme, person)
    browser.raise_request_exception = False
    monkeypatch.setattr(
        "accounts.queries.active_members", lambda: Member.objects.create_user(person.email, name="Twice")
    )

    browser.get("/members/")

    relay.wait_for(1)
    assert "SQLSTATE 23505" in relay.everything()
    assert person.email not in relay.everything()


def test_a_logged_error_is_told_without_its_arguments(world, relay):
    logging.getLogger("mailbox").error("Could not read %s for %s", "nora@northwind.example", "Northwind")
    logging.getLogger("mailbox").error("Raw: nora@northwind.example said so")

    first, second = relay.wait_for(2)
    assert first["logentry"] == {"message": "Could not read %s for %s"}
    assert second["logentry"] == {"message": "Raw: [address] said so"}
    assert "Northwind" not in relay.everything()


def test_a_task_is_told_with_its_workspace_and_without_more(world, relay, monkeypatch):
    def breaks() -> None:
        raise ValueError("nora@northwind.example")

    monkeypatch.setattr("tests.web.test_error_reports.slice_of_the_test", breaks, raising=False)
    monkeypatch.setitem(
        __import__("django.conf", fromlist=["settings"]).settings.WORK,
        "react",
        ("tests.web.test_error_reports.slice_of_the_test", "mail", 60),
    )
    with pytest.raises(ValueError, match="nora") as raised:
        bells.work_slice("react", world.acme)

    sentry_sdk.capture_exception(raised.value)

    (event,) = relay.wait_for(1)
    assert event["tags"] == {"workspace": str(world.acme.id)}
    assert "nora" not in relay.everything()


def slice_of_the_test() -> None:
    """Replaced by the test."""


def test_a_paid_workspace_gets_its_own_and_we_get_nothing(world, live, relay, own, broken, superuser):
    superuser.execute("UPDATE public.workspaces SET plan = 'business' WHERE slug = 'acme'")
    browser = client_of(world.acme, olga(world))
    browser.post("/settings/errors/", {"dsn": own.dsn})
    sentry.forget_servers()
    try:
        break_a_page(live, browser)

        (event,) = own.wait_for(1)
        assert event["exception"]["values"][0]["type"] == "RuntimeError"
        assert relay.events == []
        for secret in SECRETS:
            assert secret not in own.everything()
        superuser.execute("UPDATE public.workspaces SET plan = 'trial' WHERE slug = 'acme'")
        sentry.forget_servers()
        break_a_page(live, browser)
        assert len(relay.wait_for(1)) == 1
        assert len(own.events) == 1
    finally:
        superuser.execute("UPDATE public.workspaces SET plan = 'trial' WHERE slug = 'acme'")
        superuser.execute("DELETE FROM public.error_servers")
    with bound(world.acme):
        row = AuditRow.objects.get(event=Event.WORKSPACE_CHANGED)
        assert row.details["data"] == {"changed": ["error server"], "host": "127.0.0.1"}


def test_a_server_inside_our_network_is_not_written_to(world, live, relay, own, broken, superuser, settings):
    """Guards against a workspace that has our processes knock at doors of ours."""
    settings.ALLOW_PRIVATE_HOSTS = False
    superuser.execute("UPDATE public.workspaces SET plan = 'business' WHERE slug = 'acme'")
    superuser.execute(
        "INSERT INTO public.error_servers (workspace_id, dsn) VALUES (%s, %s)", [world.acme.id, own.dsn]
    )
    try:
        break_a_page(live, client_of(world.acme, olga(world)))
    finally:
        superuser.execute("UPDATE public.workspaces SET plan = 'trial' WHERE slug = 'acme'")
        superuser.execute("DELETE FROM public.error_servers")

    assert own.events == []
    assert relay.events == []


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("not a dsn", "no DSN"),
        ("https://errors.example.com/1", "no DSN"),
        ("http://key@errors.example.com/1", "https only"),
    ],
)
def test_a_dsn_that_cannot_be_is_refused_in_words(world, superuser, settings, dsn, words):
    settings.ALLOW_PRIVATE_HOSTS = False
    superuser.execute("UPDATE public.workspaces SET plan = 'business' WHERE slug = 'acme'")
    page = client_of(world.acme, olga(world)).post("/settings/errors/", {"dsn": dsn}).content.decode()
    superuser.execute("UPDATE public.workspaces SET plan = 'trial' WHERE slug = 'acme'")

    assert words in page
    assert directory.error_server(world.acme.id) == ""


def test_an_unpaid_plan_names_no_server(world, own):
    page = client_of(world.acme, olga(world)).post("/settings/errors/", {"dsn": own.dsn}).content.decode()

    assert "takes a paid plan" in page
    assert client_of(world.acme, rita(world)).get("/settings/errors/").status_code == 403


def test_timings_are_told_without_what_they_were_spent_on(world, own, settings):
    settings.SENTRY_TRACES = 1.0
    before = sentry_sdk.get_global_scope().client
    sentry.start(own.dsn)
    try:
        with (
            sentry_sdk.start_transaction(op="task", name="one slice"),
            sentry_sdk.start_span(op="db", name="SELECT 'nora@northwind.example'") as timed,
        ):
            timed.set_data("db.params", "nora@northwind.example")
        (told,) = own.wait_for(1)
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(before)

    assert [each["op"] for each in told["spans"]] == ["db"]
    assert "nora" not in own.everything()
