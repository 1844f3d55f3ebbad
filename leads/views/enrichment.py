"""Enrichment: an owner's opt-in, a question about one lead, and what of the answer is taken over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import MemberRequest, actor, member_only, owner_only
from keychain.crypto.secret import Secret
from keychain.models import Kind
from leads.actions.enrichment import apply_answer, ask, asked_this_month, proposals
from leads.actions.opt_ins import opt_in, opt_in_of, opt_out
from leads.actions.sources import opt_in_file
from leads.errors import LeadsError
from leads.forms import DirectoryForm, OptInForm
from leads.models import Enrichment, Lead, Source
from leads.queries import opt_ins


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: MemberRequest) -> HttpResponseBase:
    if request.POST.get("off") in Source.values:
        opt_out(Source(request.POST["off"]), by=actor(request))
        messages.success(request, "It is off, and its key is deleted.")
        return redirect("leads:enrichment")
    form = OptInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            kind, key, endpoint = Kind(said["kind"]), Secret(said["key"]), said["endpoint"] or None
            opt_in(kind, key, by=actor(request), endpoint=endpoint, most_a_month=said["most_a_month"])
            messages.success(request, "It is on. Each question is asked by a person, on the page of a lead.")
            return redirect("leads:enrichment")
        except LeadsError as error:
            form.add_error(None, str(error))
    return _settings(request, form, DirectoryForm(auto_id="file_%s"))


def _settings(request: MemberRequest, form: OptInForm, directory: DirectoryForm) -> HttpResponse:
    on = [(row, asked_this_month(row)) for row in opt_ins()]
    context = {"form": form, "directory": directory, "opt_ins": on}
    status = 422 if form.errors or directory.errors else 200
    return render(request, "leads/enrichment.html", context, status=status)


@owner_only
@require_POST
def directory(request: MemberRequest) -> HttpResponseBase:
    """A directory of the team's own as a file, in place of the one before."""
    form = DirectoryForm(request.POST, request.FILES, auto_id="file_%s")
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            opt_in_file(file, file.name or "directory.csv", file.size or 0, by=actor(request))
            messages.success(request, "It is on. It is looked into here; nothing leaves.")
            return redirect("leads:enrichment")
        except LeadsError as error:
            form.add_error("file", str(error))
    return _settings(request, OptInForm(), form)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def enrich(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The answers so far; a POST asks the provider that it names."""
    lead = get_object_or_404(Lead, pk=pk)
    if request.method == "POST":
        row = opt_in_of(request.POST.get("provider", ""))
        try:
            ask(lead, row.pk if row else pk, by=actor(request))
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:enrich", pk=pk)
    answers = [(answer, proposals(lead, answer)) for answer in lead.enrichments.order_by("-at")[:20]]
    context = {"lead": lead, "answers": answers, "opt_ins": opt_ins()}
    return render(request, "leads/enrich.html", context)


@member_only
@require_POST
def apply(request: MemberRequest, pk: UUID, answer: UUID) -> HttpResponse:
    found = get_object_or_404(Enrichment, pk=answer, lead=pk)
    changed = apply_answer(found, request.POST.getlist("field"), by=actor(request))
    messages.success(request, f"{len(changed)} fields taken over." if changed else "Nothing was changed.")
    return redirect("leads:lead", pk=pk)
