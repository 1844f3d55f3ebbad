"""Sign-up, on the apex host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.views import sandbox_mail, sign_up

app_name = "sign_up"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-up", sign_up.start, name="start"),
    path("sign-up/address", sign_up.address, name="address"),
    path("sign-up/sent", sign_up.sent, name="sent"),
    path("sign-up/verify/<str:token>", sign_up.verify, name="verify"),
    path("sign-up/progress/<str:token>", sign_up.progress, name="progress"),
    path("sandbox-mail", sandbox_mail.outbox, name="outbox"),
    path("sandbox-mail/<str:box>/<str:name>", sandbox_mail.message, name="message"),
]
