"""URLs of the apex host: the public site and sign-up. No cookie is set here."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

handler500 = "paitho.errors.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("trust.urls")),
    path("", include("accounts.urls_apex")),
    path("", include("audit.urls_apex")),
    path("", include("mailbox.urls_apex")),
]
