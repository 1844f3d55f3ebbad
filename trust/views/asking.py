"""Where visitors ask for something. The answer is the same whether an address is known here or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import MailNotSent
from accounts.limits import Limit, count, limited
from keychain.crypto.kms import KmsError
from tenants.directory import by_slug, origin_of
from tenants.errors import UnknownWorkspace
from tenants.workspace import BadSlug, check_slug
from trust import actions
from trust.errors import LinkEnded
from trust.forms import DpaForm, FindForm, SubscribeForm

PER_IP = Limit("trust-ip", 30, 3600)
PER_ADDRESS = Limit("trust-mailbox", 5, 3600)
OPENING = Limit("trust-link", 60, 60)
LOOKING = Limit("trust-slug", 120, 60)
GET_OR_POST = ["GET", "HEAD", "POST"]


def to(name: str) -> HttpResponse:
    return redirect(reverse(name, urlconf=settings.APEX_URLCONF))


def done(form: forms.Form, act: Callable[..., None], **wanted: Any) -> bool:
    """Do what a valid form asks for; what refuses it is said on the form."""
    count(PER_ADDRESS, form.cleaned_data["email"])
    try:
        act(**wanted)
    except (MailNotSent, KmsError) as error:
        form.add_error(None, str(error))
    return form.is_valid()


@limited(PER_IP)
@require_http_methods(GET_OR_POST)
def subscribe(request: HttpRequest) -> HttpResponse:
    form = SubscribeForm(request.POST or None, initial={"changes": True})
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        ask = {"changes": wanted["changes"], "status": wanted["status"], "address": wanted["email"]}
        if done(form, actions.subscribe, **ask):
            return to("trust:subscribe_sent")
    return render(request, "trust/asking/subscribe.html", {"form": form})


@require_safe
def subscribe_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/asking/sent.html", {"is_embedded": settings.EMBEDDED})


@never_cache
@limited(OPENING, methods=("GET", "POST"))
@require_http_methods(GET_OR_POST)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Reading the link changes nothing: mail scanners read links. The button on its page does."""
    try:
        if request.method == "POST":
            actions.confirm(token)
            return render(request, "trust/asking/confirmed.html")
        found = actions.subscription(token)
    except (LinkEnded, KmsError) as error:
        return render(request, "trust/asking/ended.html", {"reason": str(error)}, status=410)
    return render(request, "trust/asking/confirm.html", {"subscription": found, "token": token})


@never_cache
@limited(OPENING, methods=("GET", "POST"))
@require_http_methods(GET_OR_POST)
def unsubscribe(request: HttpRequest, signed: str) -> HttpResponse:
    if request.method != "POST":
        return render(request, "trust/asking/unsubscribe.html", {"signed": signed})
    try:
        actions.unsubscribe(signed)
    except LinkEnded as error:
        return render(request, "trust/asking/ended.html", {"reason": str(error)}, status=410)
    return render(request, "trust/asking/unsubscribed.html")


@limited(PER_IP)
@require_http_methods(GET_OR_POST)
def dpa(request: HttpRequest) -> HttpResponse:
    form = DpaForm(request.POST or None, initial={"region": settings.REGION.upper()})
    if request.method == "POST" and form.is_valid() and done(form, actions.request_dpa, **form.cleaned_data):
        return to("trust:dpa_asked")
    return render(request, "trust/dpa.html", {"form": form})


@require_safe
def dpa_asked(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/asking/dpa_asked.html")


@limited(PER_IP)
@require_http_methods(GET_OR_POST)
def find(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.POST or None)
    wanted = form.cleaned_data if request.method == "POST" and form.is_valid() else None
    if wanted and done(form, actions.look_for_workspaces, **wanted):
        return to("trust:find_sent")
    return render(request, "trust/asking/find.html", {"form": form})


@require_safe
def find_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/asking/find_sent.html", {"is_embedded": settings.EMBEDDED})


@limited(LOOKING, methods=("GET",))
@require_safe
def find_by_name(request: HttpRequest) -> HttpResponse:
    """A link instead of a redirect: a form of this site may lead to no other host."""
    slug = request.GET.get("slug", "").strip().lower()
    context: dict[str, Any] = {"slug": slug}
    try:
        context["origin"] = origin_of(by_slug(check_slug(slug)))
    except (BadSlug, UnknownWorkspace):
        context["origin"] = ""
    return render(request, "trust/asking/found.html", context)
