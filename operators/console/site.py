"""The console's site: who is let in, where signing in leads, and its first page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from operators import queries
from operators.access import is_operator
from operators.views.entering import safe_path


class ConsoleSite(UnfoldAdminSite):
    """Django's admin site, behind both halves of a sign-in."""

    index_title = "Overview"
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """No inline style: the colours are in `console.css`."""
        return {**super().each_context(request), "colors": {}, "border_radius": None}

    def has_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django's own form knows one half only."""
        onward = safe_path(request.GET.get("next", ""))
        return HttpResponseRedirect(reverse("sign_in", query={"next": onward}))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing out is recorded, so it has a page of ours."""
        return HttpResponseRedirect(reverse("own"))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("own"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "overview": queries.overview(),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "operators/index.html", context)
