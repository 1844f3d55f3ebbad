"""Pages of campaigns: the list, one campaign, its leads, creating and changing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, actor, member_only
from campaigns import actions
from campaigns.forms import CampaignForm, FirstStep, FollowUps, entries_of, planned
from campaigns.models import Campaign, Stage
from campaigns.queries import campaigns as reads
from campaigns.readiness import asks_a_model
from campaigns.views.telling import refusals_told
from paitho.lib.ids import as_uuid


def campaign_of(campaign_id: UUID) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("writer", "auditor"), pk=campaign_id)


@member_only
@require_safe
def campaign_list(request: MemberRequest) -> HttpResponse:
    return render(request, "campaigns/list.html", {"rows": reads.rows()})


@member_only
@require_safe
def detail(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    return render(request, "campaigns/detail.html", shown(campaign_of(campaign_id)))


@member_only
@require_safe
def progress(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "campaigns/parts/progress.html", shown(campaign_of(campaign_id)))


def shown(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "progress": reads.progress(campaign),
        "is_live": reads.is_live(campaign),
        "is_sandbox": not asks_a_model(campaign),
    }


@member_only
@require_safe
def campaign_leads(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign, stage = campaign_of(campaign_id), request.GET.get("stage", "")
    found = reads.enrollments(campaign, stage, as_uuid(request.GET.get("before", "")))
    page = found[: reads.SHOWN]
    context = {
        "campaign": campaign,
        "enrollments": page,
        "before": page[-1].pk if len(found) > len(page) else None,
        "stage": stage,
        "stages": Stage.choices,
        "is_sandbox": not asks_a_model(campaign),
    }
    return render(request, "campaigns/leads.html", context)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    forms = Forms(request)
    if request.method == "POST" and forms.are_valid():
        campaign = actions.create(forms.plan(), by=actor(request))
        messages.success(request, "Saved. Look through the list below, then launch it.")
        return redirect("campaigns:checklist", campaign.pk)
    return render(request, "campaigns/edit.html", {"forms": forms}, status=forms.status)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign = campaign_of(campaign_id)
    forms = Forms(request, campaign)
    if request.method == "POST" and forms.are_valid():
        with refusals_told(request):
            actions.change(campaign, forms.plan(), by=actor(request))
            messages.success(request, "Saved.")
        return redirect("campaigns:detail", campaign.pk)
    context = {"forms": forms, "campaign": campaign}
    return render(request, "campaigns/edit.html", context, status=forms.status)


class Forms:
    """The three forms of the page, filled from the request or from a stored campaign."""

    def __init__(self, request: HttpRequest, campaign: Campaign | None = None) -> None:
        data = request.POST if request.method == "POST" else None
        steps = list(campaign.steps.order_by("number")) if campaign else []
        first = {"instructions": steps[0].instructions} if steps else {}
        later = [{"wait_days": step.wait_days, "instructions": step.instructions} for step in steps[1:]]
        if campaign is None:
            later = [{"wait_days": 3}]
        self.campaign = CampaignForm(data, initial=entries_of(campaign) if campaign else None)
        self.first = FirstStep(data, prefix="first", initial=first)
        self.later = FollowUps(data, prefix="later", initial=later)
        self.status = 200

    def are_valid(self) -> bool:
        """Asks each of them, so that the page shows every complaint at once."""
        answers = [form.is_valid() for form in (self.campaign, self.first, self.later)]
        self.status = 200 if all(answers) else 422
        return all(answers)

    def plan(self) -> actions.Plan:
        return self.campaign.plan(planned(self.first, self.later))
