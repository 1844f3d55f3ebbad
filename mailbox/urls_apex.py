"""The one page of `mailbox` on the apex: where mail providers send people back to."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from mailbox.views import consent

app_name = "mailbox_apex"
urlpatterns: list[URLPattern | URLResolver] = [path("oauth/mailbox/", consent.returning, name="returning")]
