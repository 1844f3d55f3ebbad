"""Real mail to a real server, and a world without limits left over from the test before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from tests.live import live, port
from tests.servers.smtp import Postbox, start

__all__ = ["live", "port"]


@pytest.fixture(scope="session")
def smtp_server():
    box = Postbox()
    controller = start(box)
    yield controller, box
    controller.stop()


@pytest.fixture
def post(smtp_server, settings) -> Iterator[Postbox]:
    """The box in which Paitho's own mail lands."""
    controller, box = smtp_server
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    box.messages.clear()
    box.refuses = False
    return box


@pytest.fixture(autouse=True)
def _fresh_limits(_cluster) -> None:
    cache.clear()


@pytest.fixture
def apex() -> Client:
    """A browser on the apex host."""
    return Client(HTTP_HOST="localhost:8000")


@pytest.fixture
def made_here(superuser) -> Iterator[None]:
    """Takes out the directory rows of workspaces that a test began and did not provision."""
    yield
    superuser.execute(
        "DELETE FROM public.sign_ups; DELETE FROM public.bells;"
        " DELETE FROM public.domains WHERE workspace_id IN"
        " (SELECT id FROM public.workspaces WHERE state = 'pending');"
        " DELETE FROM public.workspaces WHERE state = 'pending'"
    )
