"""A campaign's setup, a page for each part: each is saved by itself, and leads to the next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, actor, member_only
from campaigns import actions
from campaigns.days import home_zone
from campaigns.errors import CampaignError
from campaigns.forms import PARTS, Entries
from campaigns.models import Campaign, Status
from campaigns.plans import apply, new_plan, plan_of
from campaigns.queries import campaigns as reads
from campaigns.views.campaigns import campaign_of
from paitho.navigation import Tab

NAMES = list(PARTS)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """The brief of a campaign that does not exist yet."""
    plan = new_plan(home_zone())
    form = _form("brief", request, PARTS["brief"].entries(plan))
    if request.method == "POST" and form.is_valid():
        campaign = actions.create(apply(plan, form.changes()), by=actor(request))
        return redirect("campaigns:setup", campaign.pk, NAMES[1])
    return _page(request, "brief", form)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: MemberRequest, campaign_id: UUID, part: str) -> HttpResponse:
    """One part of a stored campaign. A draft goes on to the next part, another back to its page."""
    if part not in PARTS:
        raise Http404
    campaign = campaign_of(campaign_id)
    plan = plan_of(campaign)
    form = _form(part, request, PARTS[part].entries(plan))
    if request.method != "POST" or not form.is_valid():
        return _page(request, part, form, campaign)
    try:
        actions.change(campaign, apply(plan, form.changes()), by=actor(request), part=part)
    except CampaignError as error:
        messages.warning(request, str(error))
        return redirect("campaigns:detail", campaign.pk)
    messages.success(request, "Saved.")
    return redirect(_following(campaign, part))


def _form(part: str, request: MemberRequest, entries: dict[str, Any]) -> Entries:
    return PARTS[part](request.POST if request.method == "POST" else None, initial=entries)


def _following(campaign: Campaign, part: str) -> str:
    if campaign.status != Status.DRAFT:
        return reverse("campaigns:detail", args=[campaign.pk])
    if part == NAMES[-1]:
        return reverse("campaigns:checklist", args=[campaign.pk])
    return reverse("campaigns:setup", args=[campaign.pk, NAMES[NAMES.index(part) + 1]])


def _page(request: MemberRequest, part: str, form: Entries, campaign: Campaign | None = None) -> HttpResponse:
    context = {
        "form": form,
        "part": part,
        "campaign": campaign,
        "tabs": _tabs(campaign, part) if campaign else [],
        "parts": [each.title for each in PARTS.values()],
        "number": NAMES.index(part) + 1,
        "is_draft": campaign is None or campaign.status == Status.DRAFT,
        "audience": reads.audience_sizes() if part == "audience" else None,
    }
    return render(request, "campaigns/setup.html", context, status=422 if form.errors else 200)


def _tabs(campaign: Campaign, part: str) -> list[Tab]:
    """The way to every part of a campaign that exists."""
    return [
        Tab(form.title, reverse("campaigns:setup", args=[campaign.pk, name]), is_current=name == part)
        for name, form in PARTS.items()
    ]
