"""Pages of `audit` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from audit import views

app_name = "audit"
urlpatterns: list[URLPattern | URLResolver] = [
    path("audit/", views.log, name="log"),
    path("audit.csv", views.download, name="download"),
]
