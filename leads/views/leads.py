"""The list of leads, and the page of one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from leads.actions.filters import kept_as
from leads.actions.people import (
    add_lead,
    change_lead,
    delete_lead,
    make_label,
    profile_of,
    put_label_on,
    take_label_off,
)
from leads.actions.suppression import suppress_index, suppressed
from leads.deletion import goes_with
from leads.errors import LeadsError
from leads.facts import facts_of
from leads.filtering import Filter, Touched
from leads.forms import LabelForm, LeadForm
from leads.history import history_of
from leads.listing import Order, lead_page
from leads.models import Label, LabelKind, Lead, Reason, Standing
from leads.queries import filter_choices, saved_filters


@member_only
@require_safe
def lead_list(request: MemberRequest) -> HttpResponse:
    chosen, order = Filter.of(request.GET.dict()), Order.of(request.GET.get("sort"))
    labels, sources = filter_choices()
    saved, now = saved_filters(), kept_as(chosen, order)
    context = {
        "filter": chosen,
        "is_filtered": bool(chosen.to_dict()),
        "page": lead_page(chosen, request.GET.dict()),
        "order": order,
        "saved": saved,
        "now": now,
        "is_saved": any(row.choice == now for row in saved),
        "standings": Standing.choices,
        "touches": Touched.choices,
        "labels": labels,
        "sources": sources,
    }
    return render(request, "leads/list.html", context)


@member_only
@require_safe
def lead(request: MemberRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Lead.objects.select_related("source"), pk=pk)
    context = {
        "lead": found,
        "facts": facts_of(found),
        "history": history_of(found),
        "suppressions": suppressed(found),
        "labels": list(found.labels.all()),
        "known_labels": list(Label.objects.all()[:200]),
        "kinds": LabelKind.choices,
    }
    return render(request, "leads/lead.html", context)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponseBase:
    form = LeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_lead(profile_of(form.cleaned_data["email"], form.values()), by=actor(request))
        except LeadsError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, "The lead is here.")
            return redirect("leads:lead", pk=made.pk)
    status = 422 if form.errors else 200
    return render(request, "leads/edit.html", {"form": form}, status=status)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    found = get_object_or_404(Lead, pk=pk)
    form = LeadForm(request.POST or None, lead=found)
    if request.method == "POST" and form.is_valid():
        changed = change_lead(found, profile_of(found.email, form.values()), by=actor(request))
        messages.success(request, "The changes are saved." if changed else "Nothing was changed.")
        return redirect("leads:lead", pk=pk)
    status = 422 if form.errors else 200
    return render(request, "leads/edit.html", {"form": form, "lead": found}, status=status)


@member_only
@require_POST
def label(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Put a tag or list on the lead, or take the one that `off` names from it."""
    found = get_object_or_404(Lead, pk=pk)
    if off := request.POST.get("off"):
        gone = get_object_or_404(found.labels, name=off, kind=request.POST.get("kind"))
        take_label_off(found, gone, by=actor(request))
        return redirect("leads:lead", pk=pk)
    form = LabelForm(request.POST)
    if form.is_valid():
        made = make_label(LabelKind(form.cleaned_data["kind"]), form.cleaned_data["name"])
        put_label_on(found, made, by=actor(request))
    else:
        messages.error(request, "Give the tag or list a name of at most 60 characters.")
    return redirect("leads:lead", pk=pk)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def suppress_lead(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    found = get_object_or_404(Lead, pk=pk)
    if request.method == "POST":
        suppress_index(bytes(found.email_index), Reason.BY_HAND, by=actor(request))
        messages.success(request, "Nobody here writes to this address any more.")
        return redirect("leads:lead", pk=pk)
    context = {
        "title": "Suppress this address?",
        "text": f"Nobody in this workspace can write to {found.email} any more, whatever is imported later. "
        "Mail that waits for it is cancelled. An admin can lift this again.",
        "url": reverse("leads:suppress", args=[pk]),
        "back": reverse("leads:lead", args=[pk]),
        "label": "Suppress",
    }
    return render(request, "confirm.html", context)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    found = get_object_or_404(Lead, pk=pk)
    if request.method == "POST":
        delete_lead(found, by=actor(request))
        messages.success(request, "The lead and everything about it is deleted.")
        return redirect("leads:list")
    context = {
        "title": "Delete this lead?",
        "text": f"{found.email} and everything below goes, at once and for good. An import may bring the "
        "address back; suppress it first if it must not return.",
        "facts": goes_with(Lead.objects.filter(pk=pk)),
        "url": reverse("leads:delete", args=[pk]),
        "back": reverse("leads:lead", args=[pk]),
        "label": "Delete",
        "is_grave": True,
    }
    return render(request, "confirm.html", context)
