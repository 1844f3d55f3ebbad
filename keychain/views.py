"""The keychain: for admins and owners. Keys are entered, replaced and removed; none is ever shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, actor, admin_only, owner_only
from keychain import actions, queries
from keychain.errors import KeychainError
from keychain.forms import AddForm, KmsForm, ReplaceForm, RotateForm
from keychain.models import Credential, KeyWork, Kind


@admin_only
@require_safe
def keys(request: MemberRequest) -> HttpResponse:
    context = {
        "entries": queries.entries(queries.provider_keys()),
        "mailbox_entries": queries.entries(queries.mailbox_keys()),
        "own": queries.own_keys(),
    }
    return render(request, "keychain/list.html", context)


@admin_only
@require_safe
def progress(request: MemberRequest) -> HttpResponse:
    """How far a change of the workspace's own keys is: a part of the page."""
    return render(request, "keychain/progress.html", {"own": queries.own_keys()})


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: MemberRequest) -> HttpResponse:
    form = RotateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and begun(request, KeyWork.DATA, form.cleaned_data):
        return redirect("keychain:list")
    return render(request, "keychain/rotate.html", {"form": form, "own": queries.own_keys()})


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def own_kms(request: MemberRequest) -> HttpResponse:
    """The workspace brings its own KMS key, or goes back to the cell's."""
    form = KmsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and begun(request, KeyWork.WRAPS, form.cleaned_data):
        return redirect("keychain:list")
    context = {"form": form, "own": queries.own_keys(), "workspace_id": request.workspace.id}
    return render(request, "keychain/kms.html", context)


def begun(request: MemberRequest, work: KeyWork, wanted: dict[str, Any]) -> bool:
    try:
        actions.change_keys(work, by=actor(request), **wanted)
    except KeychainError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, "Begun. Everything works meanwhile, and this page shows how far it is.")
    return True


@sensitive_post_parameters("secret")
@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: MemberRequest) -> HttpResponse:
    form = AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and added(request, form):
        return redirect("keychain:list")
    return render(request, "keychain/add.html", {"form": form})


def added(request: MemberRequest, form: AddForm) -> bool:
    data, by = form.cleaned_data, actor(request)
    kind = Kind(data["kind"])
    form.check(kind, data["endpoint"] or None)
    if form.errors:
        return False
    given = {"endpoint": data["endpoint"], "problem": form.problem}
    credential = actions.add_credential(kind, data["label"], data["secret"], by=by, **given)
    messages.success(request, f"{credential} is sealed in the keychain.")
    return True


@sensitive_post_parameters("secret")
@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request: MemberRequest, credential_id: UUID) -> HttpResponse:
    credential = found(credential_id)
    form = ReplaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and replaced(request, credential, form):
        return redirect("keychain:list")
    return render(request, "keychain/replace.html", {"form": form, "credential": credential})


def replaced(request: MemberRequest, credential: Credential, form: ReplaceForm) -> bool:
    form.check(Kind(credential.kind), credential.endpoint)
    if form.errors:
        return False
    secret = form.cleaned_data["secret"]
    try:
        actions.replace_secret(credential.pk, secret, by=actor(request), problem=form.problem)
        messages.success(request, f"{credential} has a new key.")
    except KeychainError as error:
        messages.error(request, str(error))
    return True


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, credential_id: UUID) -> HttpResponse:
    credential = found(credential_id)
    if request.method == "POST":
        return removed(request, credential_id)
    context = {
        "title": f"Remove {credential}?",
        "text": "The sealed key is deleted. To use the provider again, enter a key again.",
        "facts": [("Provider", credential.get_kind_display()), ("Fingerprint", credential.fingerprint)],
        "label": "Remove the key",
        "is_grave": True,
        "url": request.path,
        "back": reverse("keychain:list"),
    }
    return render(request, "confirm.html", context)


def removed(request: MemberRequest, credential_id: UUID) -> HttpResponse:
    try:
        actions.remove_credential(credential_id, by=actor(request))
        messages.success(request, "The key is removed.")
    except KeychainError as error:
        messages.error(request, str(error))
    return redirect("keychain:list")


def found(credential_id: UUID) -> Credential:
    """A key of this page, never a mailbox's password."""
    credential = queries.provider_key(credential_id)
    if credential is None:
        raise Http404
    return credential
