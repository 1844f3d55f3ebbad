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
from leads.actions.enrichment import OFFERED, apply_answer, ask, opt_in, opt_out, proposals
from leads.errors import LeadsError
from leads.forms import OptInForm
from leads.models import Enrichment, EnrichmentOptIn, Lead
from leads.queries import opt_ins


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: MemberRequest) -> HttpResponseBase:
    if request.POST.get("off") in {kind.value for kind in OFFERED}:
        opt_out(Kind(request.POST["off"]), by=actor(request))
        messages.success(request, "It is off, and its key is deleted.")
        return redirect("leads:enrichment")
    form = OptInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            key = Secret(said["key"])
            opt_in(Kind(said["kind"]), key, by=actor(request), endpoint=said["endpoint"] or None)
            messages.success(request, "It is on. Each question is asked by a person, on the page of a lead.")
            return redirect("leads:enrichment")
        except LeadsError as error:
            form.add_error(None, str(error))
    context = {"form": form, "opt_ins": opt_ins()}
    return render(request, "leads/enrichment.html", context, status=422 if form.errors else 200)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def enrich(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The answers so far; a POST asks the provider that it names."""
    lead = get_object_or_404(Lead, pk=pk)
    if request.method == "POST":
        row = EnrichmentOptIn.objects.filter(credential__kind=request.POST.get("provider", "")).first()
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
