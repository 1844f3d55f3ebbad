"""Pages of `campaigns` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from campaigns.views.today import today

app_name = "campaigns"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today, name="today"),
]
