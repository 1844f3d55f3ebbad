"""Sign-up, on the apex host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "sign_up"
urlpatterns: list[URLPattern | URLResolver] = []
