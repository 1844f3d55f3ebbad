"""Who may open a page: sign-in first, then the role. The role's decorator stands outermost on a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Member, Role
from audit.actors import Actor
from tenants.workspace import WorkspaceRef

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of a member in the workspace that its host names."""

    user: Member
    workspace: WorkspaceRef


Guarded: TypeAlias = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
Open: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

REFUSED = {
    Role.ADMIN: "This page is for admins and owners of the workspace. You are signed in as a member.",
    Role.OWNER: "This page is for owners of the workspace. Ask one of them, under Members.",
}


def requires(role: Role) -> Callable[[Guarded[P]], Open[P]]:
    """Open the view to members with at least `role`; a stranger signs in first, others read why not."""

    def decorate(view: Guarded[P]) -> Open[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if getattr(request, "workspace", None) is None:
                raise Http404
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not request.user.is_at_least(role):
                return render(request, "403.html", {"reason": REFUSED[role]}, status=403)
            return view(cast("MemberRequest", request), *args, **kwargs)

        return guarded

    return decorate


member_only = requires(Role.MEMBER)
admin_only = requires(Role.ADMIN)
owner_only = requires(Role.OWNER)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a fragment of a page takes the whole page there."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return redirect_to_login(back)


def ip_of(request: HttpRequest) -> str:
    """The address that asks: the peer's, or behind our own proxy the one which that proxy saw."""
    if settings.BEHIND_PROXY:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))


def actor(request: HttpRequest) -> Actor:
    """The member who acts, as the audit log names them; a stranger is an address only."""
    if isinstance(request.user, Member):
        return Actor(request.user.pk, str(request.user), ip_of(request))
    return Actor(None, "Someone not signed in", ip_of(request))
