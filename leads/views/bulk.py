"""One action over many leads: what it would do, its beginning, and how far it is."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from audit.actors import Actor
from leads.actions.bulk import begin_bulk, chosen
from leads.actions.enriching import apply_ticked, begin_applying, begin_enriching, cost_of
from leads.actions.people import make_label
from leads.deletion import goes_with
from leads.errors import LeadsError
from leads.forms import BulkForm
from leads.models import Bulk, BulkAction, Label
from leads.queries import answers_page, opt_ins


@member_only
@require_POST
def confirm(request: MemberRequest) -> HttpResponse:
    """What the action would touch; nothing is done yet."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Select some leads first, then choose what to do with them.")
        return redirect("leads:list")
    leads, action = chosen(form.choice), form.cleaned_data["action"]
    context = {
        "form": form,
        "action": action,
        "choice": form.choice,
        "total": leads.count(),
        "goes": goes_with(leads) if action == BulkAction.DELETE else [],
        "labels": Label.objects.all()[:200],
        "costs": [cost_of(leads, row) for row in opt_ins()] if action == BulkAction.ENRICH else [],
    }
    return render(request, "leads/bulk_confirm.html", context)


@member_only
@require_POST
def start(request: MemberRequest) -> HttpResponseBase:
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was chosen, so nothing was done.")
        return redirect("leads:list")
    try:
        job = _begun(form, actor(request))
    except LeadsError as error:
        messages.error(request, str(error))
        return redirect("leads:list")
    return redirect("leads:bulk_job", pk=job.pk)


def _begun(form: BulkForm, by: Actor) -> Bulk:
    if form.action_chosen is BulkAction.ENRICH:
        return begin_enriching(form.cleaned_data["source"], form.choice, by=by)
    label = make_label(form.label_kind, form.cleaned_data["name"]) if form.needs_label else None
    return begin_bulk(form.action_chosen, form.choice, by=by, label=label)


@member_only
@require_safe
def job(request: MemberRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Bulk.objects.select_related("label"), pk=pk)
    return render(request, "leads/bulk_job.html", {"job": found})


@member_only
@require_safe
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Bulk.objects.select_related("label"), pk=pk)
    return render(request, "leads/bulk_progress.html", {"job": found})


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """What a job's answers would change, some leads at a time; a POST takes over what is ticked, or all."""
    found = get_object_or_404(Bulk, pk=pk, action=BulkAction.ENRICH)
    if request.method == "POST":
        try:
            if "all" in request.POST:
                return redirect("leads:bulk_job", pk=begin_applying(found, by=actor(request)).pk)
            changed = apply_ticked(found, request.POST.getlist("field"), by=actor(request))
            messages.success(request, f"{changed} leads changed." if changed else "Nothing was changed.")
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:bulk_answers", pk=pk)
    page, rows = answers_page(found, request.GET.get("page"))
    return render(request, "leads/bulk_answers.html", {"job": found, "page": page, "answers": rows})
