"""The public site, on the apex host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from trust import views

app_name = "trust"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("trust", views.trust, name="trust"),
    path("manifesto", views.manifesto, name="manifesto"),
    path("changelog", views.changelog, name="changelog"),
    path("security", views.security, name="security"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("dpa", views.dpa, name="dpa"),
    path("status", views.status, name="status"),
]
