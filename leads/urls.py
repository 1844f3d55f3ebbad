"""Pages of `leads` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = []
