"""The security page: every URL, asked by a stranger, each role and a rival's member."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Member
from tenants.binding import bound
from tenants.workspace import WorkspaceRef
from tests.access_table import APEX, WITHOUT_CSRF, WORKSPACE, Row
from tests.world import World, client_of, eddy, empty_everything, mole, olga, rita

PEOPLE = ["stranger", "member", "admin", "owner", "rival"]


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Every URL name below `resolver`, with its namespace; a pattern without a name shows its route."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + (entry.name or f"without a name: {entry.pattern}")
        else:
            yield from names(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))


@pytest.mark.parametrize(
    ("urlconf", "table"), [(settings.ROOT_URLCONF, WORKSPACE), (settings.APEX_URLCONF, APEX)]
)
def test_the_table_lists_every_url_once(urlconf: str, table: list[Row]) -> None:
    assert sorted(row.name for row in table) == sorted(names(get_resolver(urlconf)))


def exempt(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The names of the views that Django's CSRF check lets pass."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from exempt(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        elif getattr(entry.callback, "csrf_exempt", False):
            yield f"{prefix}{entry.name}"


def test_only_the_listed_views_take_a_post_without_a_csrf_token() -> None:
    assert set(exempt(get_resolver(settings.ROOT_URLCONF))) == set(WITHOUT_CSRF)
    assert not set(exempt(get_resolver(settings.APEX_URLCONF)))


@dataclass(frozen=True, slots=True)
class Doors:
    """A browser on Acme's host for each of the cast; the Mole brings the session of his own workspace."""

    acme: WorkspaceRef
    owner: Member
    browsers: dict[str, Client]
    mole_at_home: Client


@pytest.fixture(scope="module")
def doors(_workspaces: World, superuser) -> Iterator[Doors]:
    world = _workspaces
    owner, at_home = olga(world), client_of(world.rival, mole(world))
    browsers = {
        "stranger": client_of(world.acme),
        "member": client_of(world.acme, rita(world)),
        "admin": client_of(world.acme, eddy(world)),
        "owner": client_of(world.acme, owner),
        "rival": client_of(world.acme),
    }
    yield Doors(world.acme, owner, browsers, at_home)
    empty_everything(superuser)


@pytest.mark.parametrize("row", WORKSPACE, ids=lambda row: row.name)
def test_each_person_gets_what_the_table_says(doors: Doors, row: Row) -> None:
    with bound(doors.acme):
        kwargs = row.kwargs(doors.owner)
    url = reverse(row.name, kwargs=kwargs)

    doors.browsers["rival"].cookies = deepcopy(doors.mole_at_home.cookies)
    found = {person: browser.get(url).status_code for person, browser in doors.browsers.items()}

    assert found == {person: row.expected(person) for person in PEOPLE}
    if row.made:
        assert doors.mole_at_home.get(url).status_code in {404, 405}


@pytest.mark.parametrize("row", APEX, ids=lambda row: row.name)
def test_the_apex_answers_everyone_alike_and_sets_no_cookie(doors: Doors, row: Row) -> None:
    kwargs = row.kwargs(doors.owner)
    url = reverse(row.name, urlconf=settings.APEX_URLCONF, kwargs=kwargs)

    answer = Client(HTTP_HOST=settings.APEX.netloc).get(url)

    assert answer.status_code == row.ok
    assert not answer.cookies
