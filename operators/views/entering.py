"""Signing in to the console, in two halves, and setting up a sign-in behind a link."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from operators import passkeys, signing_in, totp
from operators.access import PROVED, by, ip_of, is_operator
from operators.errors import ConsoleError, LinkExpired
from operators.events import Event
from operators.forms import CodeForm, JoinForm, SignInForm
from operators.limits import count
from operators.models import Operator
from operators.proof import proved
from operators.record import record
from operators.sessions import SessionStore

HALF = "half"  # in the session: who gave the right password, when, and where they want to go
HALF_LIVES = 300
NEW_SECRET, WEBAUTHN = "new_secret", "webauthn"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    onward = safe_path(request.GET.get("next", ""))
    if is_operator(request):
        return redirect(onward)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count("console-ip", ip_of(request))
            count("console-account", form.cleaned_data["email"])
            operator = signing_in.with_password(**form.cleaned_data, ip=ip_of(request))
        except ConsoleError as error:
            form.add_error(None, str(error))
        else:
            request.session.flush()
            request.session[HALF] = {"operator": str(operator.pk), "at": int(time.time()), "next": onward}
            return redirect("factor")
    return render(request, "operators/sign_in.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """The second half: who gave the right password proves a factor within five minutes."""
    operator, onward = half_of(request)
    if operator is None:
        return redirect("sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count("console-factor", str(operator.pk))
            prove(request, operator, form.cleaned_data)
        except ConsoleError as error:
            form.add_error(None, str(error))
        else:
            enter(request, operator, "passkey" if form.cleaned_data["credential"] else "authenticator app")
            return redirect(onward)
    options = None
    if operator.passkeys.exists():
        options, request.session[WEBAUTHN] = passkeys.begin_asking(operator)
    context = {"form": form, "options": options, "has_app": bool(operator.totp)}
    return render(request, "operators/factor.html", context)


def half_of(request: HttpRequest) -> tuple[Operator | None, str]:
    half = request.session.get(HALF) or {}
    if time.time() - half.get("at", 0) > HALF_LIVES:
        return None, "/"
    return Operator.objects.filter(pk=half["operator"], is_active=True).first(), half["next"]


def prove(request: HttpRequest, operator: Operator, typed: dict[str, Any]) -> None:
    if typed["credential"]:
        state = request.session.pop(WEBAUTHN, {})
        signing_in.with_passkey(operator, state, typed["credential"], ip=ip_of(request))
    else:
        signing_in.with_code(operator, typed["code"], ip=ip_of(request))


def enter(request: HttpRequest, operator: Operator, proof: str) -> None:
    """Begin the session of an operator who proved both halves."""
    request.session.flush()
    SessionStore.clear_expired()
    login(request, operator, backend=BACKEND)  # type: ignore[arg-type]  # the web's user model is another
    request.session[PROVED] = proof
    proved(request)
    record(Event.SIGNED_IN, by=by(request), factor=proof)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if is_operator(request):
        record(Event.SIGNED_OUT, by=by(request))
    logout(request)
    return redirect("sign_in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    try:
        operator = signing_in.by_link(token)
    except LinkExpired as error:
        return render(request, "operators/ended.html", {"reason": str(error)}, status=410)
    form = JoinForm(request.POST or None, operator=operator)
    if request.method == "POST" and form.is_valid():
        try:
            joined = set_up(request, token, form.cleaned_data)
        except ConsoleError as error:
            form.add_error(None, str(error))
        else:
            enter(request, joined, "passkey" if form.cleaned_data["credential"] else "authenticator app")
            return redirect("admin:index")
    return render(
        request, "operators/join.html", {"form": form, "operator": operator, **offer(request, operator)}
    )


def set_up(request: HttpRequest, token: str, typed: dict[str, Any]) -> Operator:
    ip, password = ip_of(request), typed["password"]
    count("console-ip", ip)
    if typed["credential"]:
        made = passkeys.made(request.session.pop(WEBAUTHN, {}), typed["credential"])
        return signing_in.join(token, password, ip=ip, made=made)
    return signing_in.join(token, password, ip=ip, secret=new_secret(request), code=typed["code"])


def offer(request: HttpRequest, operator: Operator) -> dict[str, Any]:
    """A new authenticator secret, the same until it is used, and what a browser needs to make a passkey."""
    secret = new_secret(request)
    options, request.session[WEBAUTHN] = passkeys.begin_making(operator)
    address = totp.address(secret, operator.email, f"Paitho console {settings.REGION}")
    return {"secret": totp.spelled(secret), "picture": totp.picture(address), "options": options}


def new_secret(request: HttpRequest) -> bytes:
    if NEW_SECRET not in request.session:
        request.session[NEW_SECRET] = totp.spelled(totp.new_secret())
    return base64.b32decode(request.session[NEW_SECRET])


def safe_path(wanted: str) -> str:
    """Where to go on: a path of the console, or its start."""
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return "/"
    return wanted if urlsplit(wanted).path.startswith("/") else "/"
