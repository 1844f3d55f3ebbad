"""Pages of `audit` on the apex: the receipt of a workspace that is gone."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from audit.views import removal

app_name = "removal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("removed/<str:token>", removal.receipt, name="receipt"),
]
