"""URLs of the operators' console."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from operators.console import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("operators.urls")),
    path("", site.urls),
]
