"""The product itself in a browser: Acme's pages, served on loopback, with Olga signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.servers.web import serving
from tests.world import World, client_of, olga


@pytest.fixture(scope="session")
def _server(_cluster) -> Iterator[int]:
    from django.core.handlers.wsgi import WSGIHandler

    with serving(WSGIHandler()) as port:
        yield port


@pytest.fixture
def as_olga(world: World, _server: int, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page of Acme as Olga: `as_olga("/leads/", width=390)`."""
    person = olga(world)
    signed_in = client_of(world.acme, person)
    origin = f"http://acme.{urlsplit(settings.ORIGIN).hostname}:{_server}"

    def go(path: str, **view: object) -> Page:
        page = open_page(**view)
        cookie = signed_in.cookies[settings.SESSION_COOKIE_NAME]
        # The address is trustworthy to the browser only by name; the cookie asks for https.
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": origin.replace("http:", "https:")}]
        )
        page.goto(f"{origin}{path}")
        return page

    go.person = person  # type: ignore[attr-defined]
    return go
