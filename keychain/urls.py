"""Pages of `keychain` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "keychain"
urlpatterns: list[URLPattern | URLResolver] = []
