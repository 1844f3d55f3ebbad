"""The public site, on the apex host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "trust"
urlpatterns: list[URLPattern | URLResolver] = []
