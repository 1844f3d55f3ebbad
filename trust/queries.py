"""What the pages of the public site read."""

from __future__ import annotations

from django.conf import settings

from tenants.directory import by_slug, origin_of
from tenants.errors import UnknownWorkspace

DEMO_SLUG = "acme"


def demo_origin() -> str:
    """Where the embedded default's demo workspace answers, or nothing where there is none."""
    if not settings.EMBEDDED:
        return ""
    try:
        return origin_of(by_slug(DEMO_SLUG))
    except UnknownWorkspace:
        return ""
