"""The real application on a loopback port, for browsers: the apex and every workspace by its host.

Chromium resolves `*.localhost` to loopback and treats it as a secure origin, so the session cookie is the
one of production (`__Host-`, Secure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.servers.web import serving
from tests.world import World, client_of, olga


@pytest.fixture(scope="session")
def port(_workspaces) -> Iterator[int]:
    """Port of the application: `http://acme.localhost:{port}`."""
    from django.core.handlers.wsgi import WSGIHandler

    with serving(WSGIHandler()) as number:
        yield number


@dataclass(frozen=True, slots=True)
class Live:
    """Where the application answers, and the workers' part in the test's own hands."""

    port: int

    @property
    def apex(self) -> str:
        return f"http://localhost:{self.port}"

    def origin(self, slug: str) -> str:
        return f"http://{slug}.localhost:{self.port}"

    def work(self) -> None:
        """Do one slice of everything that is due."""
        from tenants import bells

        for kind, workspace in bells.claim(64):
            bells.work_slice(kind, workspace)


@pytest.fixture
def live(port: int, settings) -> Live:
    """The application, which also knows on which port it is: for pages and mails that name a host."""
    settings.ORIGIN = f"http://localhost:{port}"
    settings.APEX = urlsplit(settings.ORIGIN)
    return Live(port)


@pytest.fixture
def as_olga(world: World, port: int, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page of Acme as Olga: `as_olga("/leads/", width=390)`."""
    person = olga(world)
    signed_in = client_of(world.acme, person)
    origin = f"http://acme.{urlsplit(settings.ORIGIN).hostname}:{port}"

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
