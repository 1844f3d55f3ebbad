"""Routes of the browser tests: the style page, and pages of the shell with invented data."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, include, path

from paitho.styleguide import sample_shell, styleguide, styleguide_site


def confirm(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "shell": sample_shell(),
        "title": "Delete the workspace Acme Outbound?",
        "text": "Its schema, roles and keys go after 14 days. Until then an owner can stop it.",
        "facts": [("Leads", "500"), ("Messages", "1,204")],
        "typed": "acme",
        "label": "Delete the workspace",
        "is_grave": True,
        "back": "/style/",
    }
    return render(request, "confirm.html", context)


def shown(template: str, **context: Any) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template, context)

    return view


ERRORS = ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html", "503.html"]
urlpatterns: list[URLPattern] = [
    path("style/", styleguide, name="styleguide"),
    path("style/confirm/", confirm),
    path("style/site/", styleguide_site),
    *[path(f"errors/{name}", shown(name)) for name in ERRORS],
    path("accounts/", include("allauth.urls")),
]
