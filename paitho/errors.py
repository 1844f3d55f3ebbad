"""Error answers that need words of ours."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from psycopg.errors import LockNotAvailable

from tenants.errors import KeysUnavailable

RETRY_SECONDS = 30
BUSY = (
    "What you wanted to change is being changed as a whole at this moment. Nothing is lost; try again soon."
)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our page, or from a page open since before the last sign-in."""
    del reason
    return render(request, "403.html", {"stale_form": True}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last answer: 503 for what passes, a key service that is away or a table that changes; else 500.

    Rendered without the request: the session is sealed too, and nothing here may ask for it.
    """
    del request
    reason = _what_passes(sys.exc_info()[1])
    if not reason:
        return HttpResponse(render_to_string("500.html"), status=500)
    page = render_to_string("503.html", {"reason": reason})
    return HttpResponse(page, status=503, headers={"Retry-After": RETRY_SECONDS, "Cache-Control": "no-store"})


def _what_passes(error: BaseException | None) -> str:
    """The sentence for an error that is over soon; templates and drivers wrap what was raised in them."""
    while error is not None:
        if isinstance(error, KeysUnavailable):
            return str(error)
        if isinstance(error, LockNotAvailable):
            return BUSY
        error = error.__cause__ or error.__context__
    return ""
