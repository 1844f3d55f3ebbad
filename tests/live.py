"""The real application on a loopback port, for browsers: the apex and every workspace by its host.

Chromium resolves `*.localhost` to loopback and treats it as a secure origin, so the session cookie is the
one of production (`__Host-`, Secure).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.servers.web import serving


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
