"""The boundary from HTTP: another workspace's ids, cookies, tokens, links and host are worth nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.models import Member, Role
from audit.actors import Actor
from tenants import lifecycle
from tenants.binding import bound
from tests.access_table import WORKSPACE, Row
from tests.world import World, client_of, empty_everything, mole, olga

NAMED = [row for row in WORKSPACE if row.made]
CHANGING = re.compile(rb"[A-Za-z0-9_-]{32,}|value=\"[^\"]*\"|\d+ (?:ms|seconds?)")


@dataclass(frozen=True, slots=True)
class Two:
    """Olga of Acme, and the Mole signed in on his own host."""

    world: World
    olga: Member
    at_home: Client


@pytest.fixture(scope="module")
def two(_workspaces: World, superuser) -> Iterator[Two]:
    world = _workspaces
    yield Two(world, olga(world), client_of(world.rival, mole(world)))
    empty_everything(superuser)


def told(answer) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what differs from one request to the next; ids in it are told as ids."""
    kept = {name: value for name, value in answer.headers.items() if name in {"Content-Type", "Location"}}
    body = answer.content if not answer.streaming else b"".join(answer.streaming_content)
    return answer.status_code, CHANGING.sub(b"#", body), kept


def random_like(kwargs: dict[str, object]) -> dict[str, object]:
    """Arguments of the same form that name nothing anywhere."""
    changed = {}
    for name, value in kwargs.items():
        if isinstance(value, UUID):
            changed[name] = uuid4()
        elif isinstance(value, int):
            changed[name] = value + 1_000_000
        else:
            changed[name] = "".join(
                chr((ord(c) - 97 + 7) % 26 + 97) if c.islower() else c for c in str(value)
            )
    return changed


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("row", NAMED, ids=lambda row: row.name)
def test_anothers_id_answers_exactly_as_one_that_nobody_has(two: Two, row: Row, method: str) -> None:
    """By every URL that takes an id: no status, no word and no header tells that Acme has such a thing."""
    with bound(two.world.acme):
        theirs = row.kwargs(two.olga)
    nobodys = random_like(theirs)
    ask = getattr(two.at_home, method)

    two.at_home.get("/me/")  # shows what an earlier answer left to be said
    one, other = reverse(row.name, kwargs=theirs), reverse(row.name, kwargs=nobodys)
    first, second = told(ask(one)), told(ask(other))

    assert first[0] in {404, 405, 302, 410, 400}
    assert first[0] == second[0]
    assert first[1].replace(one.encode(), b"@") == second[1].replace(other.encode(), b"@")
    assert {k: v.replace(one, "@") for k, v in first[2].items()} == {
        k: v.replace(other, "@") for k, v in second[2].items()
    }


def test_a_session_cookie_is_worth_nothing_on_another_host(two: Two) -> None:
    at_acme = client_of(two.world.acme, two.olga)
    assert at_acme.get("/members/").status_code == 200
    abroad = client_of(two.world.rival)
    abroad.cookies = deepcopy(at_acme.cookies)

    answer = abroad.get("/members/")

    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"]
    assert at_acme.get("/members/").status_code == 200


def test_the_cookie_is_bound_to_its_host_by_its_name_and_attributes(two: Two) -> None:
    """`__Host-`: a browser takes it only with Secure, Path=/ and no Domain: no sibling host sees it."""
    at_acme = client_of(two.world.acme, two.olga)
    (cookie,) = [cookie for cookie in at_acme.cookies.values() if cookie.key == settings.SESSION_COOKIE_NAME]

    assert cookie.key.startswith("__Host-")
    assert (bool(cookie["secure"]), cookie["path"], cookie["domain"] or "") == (True, "/", "")


def csrf_token(client: Client, url: str) -> str:
    return re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(url).content)[1].decode()


def strict(workspace) -> Client:
    return Client(enforce_csrf_checks=True, HTTP_HOST=f"{workspace.slug}.localhost:8000")


def test_a_csrf_token_is_worth_nothing_on_another_host(two: Two) -> None:
    here, there = strict(two.world.acme), strict(two.world.rival)
    token = csrf_token(here, "/sign-in/")
    csrf_token(there, "/sign-in/")
    form = {"login": "a@b.example", "password": "x", "csrfmiddlewaretoken": token}

    assert there.post("/sign-in/", form).status_code == 403
    assert here.post("/sign-in/", form).status_code != 403


@pytest.mark.parametrize(
    "origin", ["http://acme.localhost:8000", "http://localhost:8000", "null", "http://evil.example"]
)
def test_a_form_from_another_workspaces_page_is_refused(two: Two, origin: str) -> None:
    there = strict(two.world.rival)
    token = csrf_token(there, "/sign-in/")
    form = {"login": "a@b.example", "password": "x", "csrfmiddlewaretoken": token}

    assert there.post("/sign-in/", form, headers={"origin": origin}).status_code == 403


def test_a_reset_link_is_worth_nothing_on_another_host(two: Two) -> None:
    mail.outbox.clear()
    client_of(two.world.acme).post("/password/reset/", {"email": two.olga.email})
    link = re.search(r"http://acme\.localhost:8000(/\S+)", mail.outbox[-1].body)[1]

    at_home = client_of(two.world.acme).get(link, follow=True)
    abroad = client_of(two.world.rival).get(link, follow=True)

    assert b"new password" in at_home.content.lower()
    assert b'name="password1"' in at_home.content
    assert b'name="password1"' not in abroad.content


def test_an_invitation_is_worth_nothing_on_another_host(two: Two) -> None:
    with bound(two.world.acme):
        _, token = actions.invite("new@acme.example", Role.MEMBER, by=Actor(two.olga.pk, "Olga"))
    url = reverse("accounts:accept", kwargs={"token": token})

    assert client_of(two.world.acme).get(url).status_code == 200
    assert client_of(two.world.rival).get(url).status_code == 410
    form = {"name": "Mole", "password": "a sentence that is long"}
    assert client_of(two.world.rival).post(url, form).status_code == 410
    with bound(two.world.rival):
        assert not Member.objects.filter(email="new@acme.example").exists()


# --- the Host header ---------------------------------------------------------------------------------

GAMES = {
    "acme.localhost:8000@rival.localhost": {400},
    "rival.localhost@acme.localhost": {400},
    "acme.localhost, rival.localhost": {400},
    "acme.localhost rival.localhost": {400},
    "acme.localhost/": {400},
    "acme.localhost#": {400},
    "acme_localhost": {400, 404},
    "": {400, 404},
    "..": {400, 404},
    "acme.localhost.evil.example": {404},
    "evil-acme.localhost": {404},
    "xacme.localhost": {404},
    "acme.localhost.localhost": {404},
    "127.0.0.1": {404},
    "[::1]": {404},
    "workspace_reference.localhost": {400, 404},
    "a" * 300 + ".localhost": {400, 404},
}


@pytest.mark.parametrize("host", GAMES)
def test_a_host_that_is_nobodys_opens_nothing(two: Two, host: str) -> None:
    at_acme = client_of(two.world.acme, two.olga)

    answer = at_acme.get("/members/", headers={"host": host})

    assert answer.status_code in GAMES[host]
    assert b"olga@acme.example" not in answer.content
    assert not answer.cookies


@pytest.mark.parametrize(
    "host", ["ACME.localhost", "acme.localhost.", "acme.localhost:1", "Acme.LOCALHOST:8000"]
)
def test_other_spellings_of_a_host_lead_to_the_same_workspace(two: Two, host: str) -> None:
    assert client_of(two.world.acme, two.olga).get("/members/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "name", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host", "X-HTTP-Host-Override"]
)
def test_a_header_that_names_another_host_changes_nothing(two: Two, name: str) -> None:
    """Only `Host` names a workspace, and the Mole's session does not open Acme's."""
    answer = two.at_home.get("/members/", headers={name: "acme.localhost:8000"})

    assert answer.status_code == 200
    assert b"mole@rival.example" in answer.content


def test_a_poisoned_host_does_not_get_into_the_reset_mail(two: Two) -> None:
    """The link names the host and port that we know, whatever was asked with."""
    mail.outbox.clear()
    client = client_of(two.world.acme)
    client.post("/password/reset/", {"email": two.olga.email}, headers={"host": "ACME.localhost:6666"})

    assert "http://acme.localhost:8000/" in mail.outbox[-1].body
    assert "6666" not in mail.outbox[-1].body


# --- closed workspaces -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def closed_urls(two: Two) -> dict[str, str]:
    with bound(two.world.acme):
        return {row.name: reverse(row.name, kwargs=row.kwargs(two.olga)) for row in WORKSPACE}


@pytest.mark.parametrize("state", ["suspended", "deleting"])
def test_every_url_of_a_closed_workspace_is_closed(two: Two, closed_urls: dict[str, str], state: str) -> None:
    """To its own signed-in owner too; what is left open is the two short lists of the settings."""
    owner = client_of(two.world.acme, two.olga)
    acme = two.world.acme.id
    if state == "suspended":
        lifecycle.suspend(acme, reason="")
        left_open = settings.ALWAYS_OPEN
    else:
        lifecycle.schedule_delete(acme, asked_by="owner")
        left_open = settings.ALWAYS_OPEN | settings.OPEN_WHILE_DELETING
    try:
        found = {name: owner.get(url).status_code for name, url in closed_urls.items()}
        posted = {name: owner.post(url).status_code for name, url in closed_urls.items()}
    finally:
        lifecycle.resume(acme) if state == "suspended" else lifecycle.cancel_delete(acme)

    for answers in (found, posted):
        assert {name for name, status in answers.items() if status != 503} <= left_open
