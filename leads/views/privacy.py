"""Privacy: who may not be written to, and what people ask about their data."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, admin_only, member_only, owner_only
from leads.actions.reminders import due_soon
from leads.actions.requests import answer_request, erase, handed_out, open_request
from leads.actions.suppression import lift, suppress
from leads.actions.suppression_file import suppress_file
from leads.deletion import goes_with
from leads.dossier import dossier_of
from leads.errors import LeadsError
from leads.forms import RequestForm, SuppressFileForm, SuppressForm
from leads.models import Lead, Reason, RequestKind, SubjectRequest, Suppression
from leads.queries import known_leads, suppression_page, suppressions_of
from paitho.lib.text import NotAnAddress


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions(request: MemberRequest) -> HttpResponseBase:
    form = SuppressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            what = form.cleaned_data["what"]
            suppress(what, Reason.BY_HAND, by=actor(request), covers_domain="@" not in what.strip("@ "))
            messages.success(request, "Nobody here writes to them any more.")
            return redirect("leads:privacy")
        except NotAnAddress as error:
            form.add_error("what", str(error))
    asked = request.GET.get("q", "").strip()
    page = suppression_page(request.GET.get("page"))
    context = {
        "form": form,
        "upload": SuppressFileForm(auto_id="file_%s"),
        "asked": asked,
        "found": suppressions_of(asked) if asked else [],
        "page": page,
        "known": known_leads(list(page)),
    }
    return render(request, "leads/suppressions.html", context, status=422 if form.errors else 200)


@member_only
@require_POST
def suppress_upload(request: MemberRequest) -> HttpResponse:
    form = SuppressFileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("leads:privacy")
    file, reason = form.cleaned_data["file"], Reason(form.cleaned_data["reason"] or Reason.BY_HAND)
    try:
        taken = suppress_file(file, file.size or 0, by=actor(request), reason=reason)
    except LeadsError as error:
        messages.error(request, str(error))
        return redirect("leads:privacy")
    messages.success(
        request,
        f"{taken.added:,} addresses added, {taken.known:,} were here, {taken.domains:,} domains, "
        f"{taken.refused:,} rows hold none.",
    )
    return redirect("leads:privacy")


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def lift_suppression(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    row = get_object_or_404(Suppression, pk=pk)
    if request.method == "POST":
        try:
            lift(row, by=actor(request))
            messages.success(request, "Mail to them is allowed again.")
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:privacy")
    context = {
        "title": "Lift this suppression?",
        "text": f"{row.get_reason_display()} on {row.at:%d %B %Y}. Mail to them is allowed again; the audit "
        "log keeps who lifted it. What a recipient asked for can never be lifted.",
        "url": reverse("leads:lift", args=[pk]),
        "back": reverse("leads:privacy"),
        "label": "Lift",
    }
    return render(request, "confirm.html", context)


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: MemberRequest) -> HttpResponseBase:
    form = RequestForm(request.POST or None, initial={"kind": RequestKind.ACCESS})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            row = open_request(
                RequestKind(said["kind"]), said["email"], by=actor(request), on=said["received"]
            )
            return redirect("leads:request", pk=row.pk)
        except (LeadsError, NotAnAddress) as error:
            form.add_error(None, str(error))
    rows = SubjectRequest.objects.order_by(F("closed_at").desc(nulls_first=True), "due_at")[:200]
    context = {"form": form, "requests": rows, "due_soon": due_soon()}
    return render(request, "leads/requests.html", context, status=422 if form.errors else 200)


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """What is kept about the person; a POST says that they were answered."""
    row = get_object_or_404(SubjectRequest, pk=pk)
    if request.method == "POST":
        try:
            answer_request(row, by=actor(request))
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:request", pk=pk)
    context = {"row": row, "dossier": dossier_of(row) if row.email else None}
    return render(request, "leads/request.html", context)


@owner_only
@require_safe
def dossier_json(request: MemberRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(SubjectRequest, pk=pk, email__isnull=False)
    handed_out(row, by=actor(request))
    text = json.dumps(dossier_of(row), ensure_ascii=False, indent=2)
    return _file(text, "application/json", "your-data.json")


@owner_only
@require_safe
def dossier_html(request: MemberRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(SubjectRequest, pk=pk, email__isnull=False)
    handed_out(row, by=actor(request))
    page = render(request, "leads/dossier.html", {"dossier": dossier_of(row), "row": row})
    return _file(page.content.decode(), "text/html", "your-data.html")


def _file(text: str, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def erase_person(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    row = get_object_or_404(SubjectRequest, pk=pk)
    if request.method == "POST":
        try:
            erase(row, by=actor(request))
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:request", pk=pk)
    leads = Lead.objects.filter(email_index=row.email_index)
    context = {
        "title": "Erase this person?",
        "text": "Everything below goes, at once and for good. Only a keyed hash of the address stays, so "
        "that nobody here writes to it again; the address cannot be read back from it.",
        "facts": [("Lead records", leads.count()), *goes_with(leads)],
        "url": reverse("leads:erase", args=[pk]),
        "back": reverse("leads:request", args=[pk]),
        "label": "Erase",
        "is_grave": True,
    }
    return render(request, "confirm.html", context)
