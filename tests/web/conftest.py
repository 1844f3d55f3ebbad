"""The preview server: the project's headers and templates without a workspace or a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import port
from tests.servers.web import serving

__all__ = ["port"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "paitho.middleware.PolicyHeaders",
    "tests.web.preview_urls.PreviewRoutes",
    "django.middleware.common.CommonMiddleware",
]


@pytest.fixture(scope="session")
def preview() -> Iterator[str]:
    """Origin of a server that shows the pages of `preview_urls`."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(MIDDLEWARE=MIDDLEWARE):
        application = WSGIHandler()
    with serving(application) as port:
        yield f"http://localhost:{port}"
