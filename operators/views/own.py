"""An operator's own sign-in: password, factors, sessions."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from operators import actions, passkeys, signing_in
from operators.access import by, operator_only
from operators.errors import ConsoleError
from operators.forms import CodeForm, PasswordForm
from operators.models import Operator
from operators.proof import asked_first, elsewhere_first
from operators.views.entering import NEW_SECRET, WEBAUTHN, new_secret, offer

NOBODY = UUID(int=0)


def me(request: HttpRequest) -> Operator:
    """The operator who asks, from the directory."""
    return Operator.objects.get(pk=by(request).id or NOBODY)


@operator_only
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    operator = me(request)
    context = {
        "operator": operator,
        "passkeys": operator.passkeys.order_by("created_at"),
        "sessions": operator.sessions.count(),
        "form": CodeForm(),
        "password_form": PasswordForm(operator=operator),
        **offer(request, operator),
    }
    return render(request, "operators/own.html", context)


@operator_only
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The second factor once more, on a page of its own."""
    return asked_first(request, "change how you sign in") or redirect("own")


@operator_only
@require_POST
def add_factor(request: HttpRequest) -> HttpResponse:
    if first := elsewhere_first(request):
        return first
    operator, form = me(request), CodeForm(request.POST)
    try:
        if form.is_valid() and form.cleaned_data["credential"]:
            made = passkeys.made(request.session.pop(WEBAUTHN, {}), form.cleaned_data["credential"])
            signing_in.add_passkey(operator, made, by=by(request))
        elif form.is_valid():
            secret = new_secret(request)
            signing_in.add_totp(operator, secret, form.cleaned_data["code"], by=by(request))
            request.session.pop(NEW_SECRET, None)
    except ConsoleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The factor was added.")
    return redirect("own")


@operator_only
@require_POST
def remove_factor(request: HttpRequest, which: str) -> HttpResponse:
    if first := elsewhere_first(request):
        return first
    try:
        signing_in.remove_factor(me(request), which, by=by(request))
    except ConsoleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The factor was removed.")
    return redirect("own")


@operator_only
@require_http_methods(["POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    if first := elsewhere_first(request):
        return first
    operator = me(request)
    form = PasswordForm(request.POST, operator=operator)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors["password"]))
        return redirect("own")
    actions.change_password(operator, form.cleaned_data["password"], by=by(request))
    update_session_auth_hash(request, operator)  # type: ignore[arg-type]  # the web's user model is another
    messages.success(request, "The password was changed; your other sessions have ended.")
    return redirect("own")


@operator_only
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    ended = actions.end_sessions(me(request), but=request.session.session_key or "", by=by(request))
    messages.success(request, f"{ended} other sessions ended.")
    return redirect("own")
