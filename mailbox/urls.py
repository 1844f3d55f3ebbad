"""Pages of `mailbox` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from mailbox.views import consent, inbox, mailboxes

app_name = "mailbox"
urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<uuid:pk>/", inbox.thread, name="thread"),
    path("inbox/<uuid:pk>/outcome/", inbox.outcome, name="outcome"),
    path("inbox/<uuid:pk>/assign/", inbox.assign, name="assign"),
    path("inbox/doubt/<uuid:pk>/", inbox.settle, name="settle"),
    path("mailboxes/", mailboxes.listed, name="list"),
    path("mailboxes/connect/", mailboxes.connect, name="connect"),
    path("mailboxes/consent/", consent.back, name="consent_back"),
    path("mailboxes/consent/<slug:vendor>/", consent.begin, name="consent"),
    path("mailboxes/sandbox/", mailboxes.connect_sandbox, name="connect_sandbox"),
    path("mailboxes/switch/", mailboxes.switch, name="switch"),
    path("mailboxes/<uuid:pk>/", mailboxes.detail, name="detail"),
    path("mailboxes/<uuid:pk>/check/", mailboxes.check, name="check"),
    path("mailboxes/<uuid:pk>/deliverability/", mailboxes.deliverability, name="deliverability"),
    path("mailboxes/<uuid:pk>/disconnect/", mailboxes.disconnect, name="disconnect"),
    path("mailboxes/<uuid:pk>/pause/", mailboxes.pause, name="pause"),
]
