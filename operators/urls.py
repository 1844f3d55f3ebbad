"""Pages of the console besides its tables."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from operators.views import entering, own

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", entering.sign_in, name="sign_in"),
    path("sign-in/factor/", entering.factor, name="factor"),
    path("sign-out/", entering.sign_out, name="sign_out"),
    path("join/<str:token>/", entering.join, name="join"),
    path("proof/", own.prove, name="proof"),
    path("me/", own.page, name="own"),
    path("me/factors/", own.add_factor, name="add_factor"),
    path("me/factors/<str:which>/remove/", own.remove_factor, name="remove_factor"),
    path("me/password/", own.change_password, name="change_password"),
    path("me/sessions/end/", own.end_other_sessions, name="end_other_sessions"),
]
