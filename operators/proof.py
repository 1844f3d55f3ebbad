"""The second factor once more, before what is hard to take back: a session that was left open is not enough.

A proof counts for five minutes, and the sign-in is one. Later the action answers with a page that asks for
the factor and carries the form along; a form that no page should carry (a password) leads there instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from operators import passkeys, signing_in
from operators.access import by, ip_of, operator_of
from operators.errors import ConsoleError
from operators.events import Event
from operators.forms import CodeForm
from operators.limits import count
from operators.models import Operator, Session
from operators.record import record

LASTS = timedelta(minutes=5)
PREFIX = "proof"
WEBAUTHN = "proof_webauthn"
FIRST = "Prove your second factor first, then do it again."


def proved(request: HttpRequest) -> None:
    """Note that whoever holds this session has just proved their second factor."""
    row: Session = request.session.row  # type: ignore[attr-defined]  # operators.sessions
    Session.objects.filter(pk=row.pk).update(proved_at=timezone.now())


def is_fresh(request: HttpRequest) -> bool:
    """Asked of the database: what the session was when it was loaded does not count."""
    row: Session | None = getattr(request.session, "row", None)
    since = timezone.now() - LASTS
    return row is not None and Session.objects.filter(pk=row.pk, proved_at__gt=since).exists()


def asked_first(request: HttpRequest, what: str) -> HttpResponse | None:
    """The page that asks for the second factor before `what`; None if it was given, now or minutes ago."""
    operator = operator_of(request)
    if operator is None:
        return redirect("sign_in")
    if is_fresh(request):
        return None
    has_answered = any(name.startswith(f"{PREFIX}-") for name in request.POST)
    form = CodeForm(request.POST if has_answered else None, prefix=PREFIX)
    if has_answered and form.is_valid() and holds(request, operator, form):
        return None
    return page(request, operator, form, what)


def holds(request: HttpRequest, operator: Operator, form: CodeForm) -> bool:
    """Whether the factor that was given is the operator's; what is wrong with it is said on the form."""
    try:
        count("console-factor", str(operator.pk))
        if form.cleaned_data["credential"]:
            state = request.session.pop(WEBAUTHN, {})
            signing_in.with_passkey(operator, state, form.cleaned_data["credential"], ip=ip_of(request))
        else:
            signing_in.with_code(operator, form.cleaned_data["code"], ip=ip_of(request))
    except ConsoleError as error:
        form.add_error(None, str(error))
        return False
    proved(request)
    record(Event.PROVED_AGAIN, by=by(request))
    return True


def page(request: HttpRequest, operator: Operator, form: CodeForm, what: str) -> HttpResponse:
    options = None
    if operator.passkeys.exists():
        options, request.session[WEBAUTHN] = passkeys.begin_asking(operator)
    context = {
        "form": form,
        "options": options,
        "has_app": bool(operator.totp),
        "what": what,
        "carried": carried(request),
    }
    answer = render(request, "operators/proof.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def carried(request: HttpRequest) -> list[tuple[str, Any]]:
    """The form that waits, without its token and without the proof."""
    kept = (
        name for name in request.POST if name != "csrfmiddlewaretoken" and not name.startswith(f"{PREFIX}-")
    )
    return [(name, value) for name in kept for value in request.POST.getlist(name)]


def elsewhere_first(request: HttpRequest) -> HttpResponse | None:
    """As `asked_first`, for a form that no page should carry: the proof is given on a page of its own."""
    if is_fresh(request):
        return None
    messages.info(request, FIRST)
    return redirect("proof")
