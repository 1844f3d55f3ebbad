"""Filters that are kept, and the page of tags and lists."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import MemberRequest, actor, member_only
from leads.actions.filters import delete_label, forget_filter, rename_label, save_filter
from leads.actions.people import make_label
from leads.errors import LeadsError
from leads.filtering import Filter
from leads.forms import LabelForm
from leads.listing import Order
from leads.models import Label, LabelKind, SavedFilter
from leads.queries import labels_with_counts


@member_only
@require_POST
def save(request: MemberRequest) -> HttpResponse:
    """Keep the filter that the list shows now, and show it again under its name."""
    said = request.POST.dict()
    chosen, order = Filter.of(said), Order.of(said.get("sort"))
    try:
        row = save_filter(said.get("called", ""), chosen, order, by=actor(request))
        messages.success(request, f"The filter is kept as {row.name}.")
    except LeadsError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('leads:list')}?{urlencode({**chosen.to_dict(), 'sort': order.value})}")


@member_only
@require_POST
def forget(request: MemberRequest, pk: UUID) -> HttpResponse:
    forget_filter(get_object_or_404(SavedFilter, pk=pk))
    messages.success(request, "The filter is deleted. The leads stay as they are.")
    return redirect("leads:list")


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: MemberRequest) -> HttpResponseBase:
    """The tags and lists, and how many leads carry each; a POST makes one."""
    form = LabelForm(request.POST or None, initial={"kind": LabelKind.LIST})
    if request.method == "POST" and form.is_valid():
        try:
            made = make_label(LabelKind(form.cleaned_data["kind"]), form.cleaned_data["name"])
            messages.success(request, f"{made.get_kind_display()} {made.name} is here.")
            return redirect("leads:labels")
        except LeadsError as error:
            form.add_error("name", str(error))
    context = {"form": form, "labels": labels_with_counts()}
    return render(request, "leads/labels.html", context, status=422 if form.errors else 200)


@member_only
@require_POST
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    try:
        rename_label(get_object_or_404(Label, pk=pk), request.POST.get("name", ""), by=actor(request))
        messages.success(request, "It has its new name.")
    except LeadsError as error:
        messages.error(request, str(error))
    return redirect("leads:labels")


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    found = get_object_or_404(Label, pk=pk)
    if request.method == "POST":
        delete_label(found, by=actor(request))
        messages.success(request, "It is gone. The leads are still here.")
        return redirect("leads:labels")
    kind = found.get_kind_display().lower()
    context = {
        "title": f"Delete the {kind} {found.name}?",
        "text": f"The {kind} comes off every lead that carries it. The leads themselves stay.",
        "facts": [("Leads that carry it", f"{found.leads.count():,}")],
        "url": reverse("leads:label_delete", args=[pk]),
        "back": reverse("leads:labels"),
        "label": "Delete",
        "is_grave": True,
    }
    return render(request, "confirm.html", context)
