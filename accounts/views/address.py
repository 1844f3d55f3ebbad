"""The workspace's address: its name, and hosts of its own. For owners."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.access import MemberRequest, actor, owner_only
from accounts.forms import HostForm, SlugForm
from tenants import directory, domains
from tenants.errors import BoundaryError


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: MemberRequest) -> HttpResponse:
    form = HostForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and claimed(request, form):
        return redirect("accounts:address")
    hosts = domains.hosts_of(request.workspace.id)
    context = {"form": form, "hosts": hosts, "origin": directory.origin_of(request.workspace)}
    return render(request, "accounts/address.html", context)


def claimed(request: MemberRequest, form: HostForm) -> bool:
    try:
        host = actions.claim_host(form.cleaned_data["host"], by=actor(request))
    except BoundaryError as error:
        form.add_error("host", str(error))
        return False
    messages.success(request, f"Now publish the record for {host}, then check it here.")
    return True


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: MemberRequest) -> HttpResponse:
    form = SlugForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and renamed(request, form):
        return redirect("accounts:address")
    return render(request, "accounts/rename.html", {"form": form})


def renamed(request: MemberRequest, form: SlugForm) -> bool:
    slug = form.cleaned_data["slug"]
    try:
        actions.rename_workspace(slug, by=actor(request))
    except BoundaryError as error:
        form.add_error("slug", str(error))
        return False
    messages.success(request, f"The workspace moves to {slug} within seconds. Sign in there again.")
    return True


@owner_only
@require_POST
def check_host(request: MemberRequest, host: str) -> HttpResponse:
    try:
        actions.verify_host(host, by=actor(request))
        messages.success(request, f"{host} is verified: the workspace answers there.")
    except BoundaryError as error:
        messages.error(request, str(error))
    return redirect("accounts:address")


@owner_only
@require_POST
def prefer_host(request: MemberRequest, host: str) -> HttpResponse:
    if not actions.prefer_host(host, by=actor(request)):
        raise Http404
    messages.success(request, f"Links in mails name {host} from now on.")
    return redirect("accounts:address")


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def drop_host(request: MemberRequest, host: str) -> HttpResponse:
    if host not in {each.host for each in domains.hosts_of(request.workspace.id) if each.kind == "custom"}:
        raise Http404
    if request.method == "POST":
        actions.drop_host(host, by=actor(request))
        messages.success(request, f"{host} no longer leads here.")
        return redirect("accounts:address")
    context = {
        "title": f"Give up {host}?",
        "text": "The workspace no longer answers there, and links that name it are dead: those in mails "
        "that were sent, too.",
        "label": "Give it up",
        "is_grave": True,
        "url": request.path,
        "back": reverse("accounts:address"),
    }
    return render(request, "confirm.html", context)
