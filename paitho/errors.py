"""Error answers that need words of ours."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tenants.errors import KeysUnavailable

RETRY_SECONDS = 30


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our page, or from a page open since before the last sign-in."""
    del reason
    return render(request, "403.html", {"stale_form": True}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last answer: 503 while the keys cannot be opened, wherever that showed; else a plain 500.

    Rendered without the request: the session is sealed too, and nothing here may ask for it.
    """
    del request
    unavailable = _keys_unavailable(sys.exc_info()[1])
    if unavailable is None:
        return HttpResponse(render_to_string("500.html"), status=500)
    page = render_to_string("503.html", {"reason": str(unavailable)})
    return HttpResponse(page, status=503, headers={"Retry-After": RETRY_SECONDS, "Cache-Control": "no-store"})


def _keys_unavailable(error: BaseException | None) -> KeysUnavailable | None:
    """The refusal in an error's causes: templates and drivers wrap what was raised in them."""
    while error is not None and not isinstance(error, KeysUnavailable):
        error = error.__cause__ or error.__context__
    return error
