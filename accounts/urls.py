"""Pages of `accounts` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.views import address, joining, members, settings

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("welcome/<str:token>", joining.welcome, name="welcome"),
    path("invitation/<str:token>", joining.accept, name="accept"),
    path("members/", members.members, name="members"),
    path("members/<uuid:member_id>/role/", members.change_role, name="change_role"),
    path("members/<uuid:member_id>/remove/", members.remove, name="remove_member"),
    path("invitations/<uuid:invitation_id>/resend/", members.resend, name="resend_invitation"),
    path("invitations/<uuid:invitation_id>/revoke/", members.revoke, name="revoke_invitation"),
    path("settings/", settings.workspace, name="workspace"),
    path("settings/errors/", settings.errors, name="errors"),
    path("address/", address.address, name="address"),
    path("address/rename/", address.rename, name="rename"),
    path("address/<str:host>/check/", address.check_host, name="check_host"),
    path("address/<str:host>/prefer/", address.prefer_host, name="prefer_host"),
    path("address/<str:host>/give-up/", address.drop_host, name="drop_host"),
    path("me/", settings.me, name="me"),
    path("me/sessions/", settings.sessions, name="sessions"),
    path("me/sessions/end/", settings.end_sessions, name="end_sessions"),
    path("me/sessions/<uuid:session_id>/end/", settings.end_session, name="end_session"),
]
