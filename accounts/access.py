"""Who may open a page: sign-in first, then the role. The role's decorator stands outermost on a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from accounts import second_factor
from accounts.models import Member, Role, WorkspaceProfile
from audit.actors import Actor
from tenants.workspace import WorkspaceRef

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of a member in the workspace that its host names."""

    user: Member
    workspace: WorkspaceRef


Guarded: TypeAlias = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
Open: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

FACTOR_FIRST = "This workspace asks for a second factor. Set up a passkey or an authenticator app to go on."
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
            if lacks_second_factor(request.user):
                messages.info(request, FACTOR_FIRST)
                return lead_to(request, resolve_url("mfa_index"))
            if not request.user.is_at_least(role):
                return render(request, "403.html", {"reason": REFUSED[role]}, status=403)
            return view(cast("MemberRequest", request), *args, **kwargs)

        return guarded

    return decorate


member_only = requires(Role.MEMBER)
admin_only = requires(Role.ADMIN)
owner_only = requires(Role.OWNER)


def lacks_second_factor(member: Member) -> bool:
    """Whether the workspace asks for a second factor that the member has not set up."""
    is_required = WorkspaceProfile.objects.filter(requires_second_factor=True).exists()
    return is_required and not second_factor.has_one(member)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    if request.headers.get("HX-Request"):
        back = "/"
    return lead_to(request, redirect_to_login(back).url)


def lead_to(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect; from a fragment of a page it takes the whole page along."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def ip_of(request: HttpRequest) -> str:
    """The address that asks: the peer's, or behind our own proxy the one which that proxy saw."""
    if settings.BEHIND_PROXY:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))


def actor(request: HttpRequest) -> Actor:
    """Who acts in this request, as the audit log names them."""
    return actor_of(request.user if isinstance(request.user, Member) else None, request)


def actor_of(member: Member | None, request: HttpRequest) -> Actor:
    """The member at the address that asks; without one, someone of whom only the address is known."""
    if member is None:
        return Actor(None, "Someone not signed in", ip_of(request))
    return Actor(member.pk, str(member), ip_of(request))
