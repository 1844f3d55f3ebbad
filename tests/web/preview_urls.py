"""Routes of the browser tests: the style page, and pages of the shell with invented data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path

from paitho.styleguide import sample_shell, styleguide, styleguide_site

View = Callable[[HttpRequest], HttpResponse]
ERRORS = [
    "400.html",
    "403.html",
    "404.html",
    "429.html",
    "500.html",
    "503.html",
    "unknown_host.html",
    "workspace_closed.html",
]


class PreviewRoutes:
    """Middleware: these routes instead of the project's, for this server alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = __name__
        return self.get_response(request)


def shown(template: str, **context: Any) -> View:
    return lambda request: render(request, template, {"shell": sample_shell(), **context})


def progress(request: HttpRequest) -> HttpResponse:
    """A part that is done the second time it is asked."""
    steps = int(request.GET.get("done", 0)) + 50
    context = {"id": "job", "label": "Importing", "done": steps, "total": 100, "is_done": steps >= 100}
    return render(request, "ui/progress.html", {**context, "url": f"/progress/?done={steps}"})


def received(request: HttpRequest) -> HttpResponse:
    """Says which rows a form of the table sent."""
    return HttpResponse(",".join(request.POST.getlist("id")), content_type="text/plain")


CONFIRM = {
    "shell": sample_shell(is_paused=True, sandbox_note="Nothing here is real."),
    "title": "Delete the workspace Acme Outbound?",
    "text": "Its schema, roles and keys go after 14 days. Until then an owner can stop it.",
    "facts": [("Leads", "500"), ("Messages", "1,204")],
    "typed": "acme",
    "label": "Delete the workspace",
    "is_grave": True,
    "url": "/received/",
    "back": "/style/",
}
urlpatterns: list[URLPattern] = [
    path("style/", styleguide),
    path("style/confirm/", shown("confirm.html", **CONFIRM)),
    path("style/site/", styleguide_site),
    path("progress/", progress),
    path("received/", received),
    *[path(f"errors/{name}", shown(name)) for name in ERRORS],
]
