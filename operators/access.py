"""Who may open a page of the console: an operator whose session proved a second factor, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from operators.models import Operator
from operators.record import By

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
PROVED = "second_factor"  # in the session: what the second factor was


def operator_of(request: HttpRequest) -> Operator | None:
    user: object = request.user  # the stubs know the web process's user model
    return user if isinstance(user, Operator) and user.is_active else None


def is_operator(request: HttpRequest) -> bool:
    return operator_of(request) is not None and bool(request.session.get(PROVED))


def operator_only(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not is_operator(request):
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def ip_of(request: HttpRequest) -> str:
    """The address that asks: the peer's, or behind our own proxy the one which that proxy saw."""
    if settings.BEHIND_PROXY:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))


def by(request: HttpRequest) -> By:
    """The operator of this request, as the record names them."""
    user = operator_of(request)
    if user is None:
        return By(None, "Someone not signed in", ip_of(request))
    return By(user.pk, str(user), ip_of(request))
