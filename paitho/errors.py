"""Error answers that need words of ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our page, or from a page open since before the last sign-in."""
    del reason
    return render(request, "403.html", {"stale_form": True}, status=403)
