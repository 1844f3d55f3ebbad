"""Pages of `keychain` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from keychain import views

app_name = "keychain"
urlpatterns: list[URLPattern | URLResolver] = [
    path("keychain/", views.keys, name="list"),
    path("keychain/add/", views.add, name="add"),
    path("keychain/own/", views.progress, name="progress"),
    path("keychain/own/rotate/", views.rotate, name="rotate"),
    path("keychain/own/kms/", views.own_kms, name="kms"),
    path("keychain/<uuid:credential_id>/replace/", views.replace, name="replace"),
    path("keychain/<uuid:credential_id>/remove/", views.remove, name="remove"),
]
