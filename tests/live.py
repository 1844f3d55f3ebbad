"""The whole application on a loopback port, for browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.web import serving


@pytest.fixture(scope="session")
def port(_workspaces) -> Iterator[int]:
    """Port of the application: `http://acme.localhost:{port}`."""
    from django.core.handlers.wsgi import WSGIHandler

    with serving(WSGIHandler()) as number:
        yield number
