"""URLs of a workspace's host: each app lists its own pages with their whole paths."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

handler500 = "paitho.errors.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("campaigns.urls")),
    path("", include("leads.urls")),
    path("", include("mailbox.urls")),
    path("", include("keychain.urls")),
    path("", include("audit.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.urls_sign_in")),
]
