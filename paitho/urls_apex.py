"""URLs of the apex host: the public site and sign-up. No cookie is set here."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
