"""What every template of the shell may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The workspace, and whether this is the embedded default (which says so on the screen)."""
    return {
        "workspace": getattr(request, "workspace", None),
        "is_embedded": settings.EMBEDDED,
        "apex_origin": settings.ORIGIN,
    }
