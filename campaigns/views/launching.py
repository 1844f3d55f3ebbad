"""Launch, pause and stop a campaign: a page that says what will happen, then a POST."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from campaigns import actions
from campaigns.models import Status
from campaigns.prices import dollars
from campaigns.queries import campaigns as reads
from campaigns.readiness import asks_a_model, missing
from campaigns.views.campaigns import campaign_of
from campaigns.views.telling import refusals_told


@member_only
@require_safe
def checklist(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign, leads = campaign_of(campaign_id), reads.audience_size()
    estimate = reads.estimated(campaign, leads)
    context = {
        "campaign": campaign,
        "checks": reads.checklist(campaign),
        "lacks": len(missing(campaign)),
        "leads": leads,
        "estimate": estimate,
        "at_most": dollars(estimate.cost),
        "is_sandbox": not asks_a_model(campaign),
    }
    return render(request, "campaigns/checklist.html", context)


@member_only
@require_POST
def launch(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign = campaign_of(campaign_id)
    with refusals_told(request):
        enrolled = actions.launch(campaign, by=actor(request))
        messages.success(request, f"Running. {enrolled:,} leads were enrolled; drafts appear under Review.")
    return redirect(
        "campaigns:detail" if campaign.status == Status.RUNNING else "campaigns:checklist", campaign_id
    )


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign = campaign_of(campaign_id)
    if request.method == "POST":
        with refusals_told(request):
            actions.pause(campaign, by=actor(request))
            messages.success(request, "Paused. No model is asked and no mail leaves.")
        return redirect("campaigns:detail", campaign_id)
    context = {
        "title": f"Pause {campaign.name}?",
        "text": "No model is asked and no mail leaves until you resume it. Answers are still read.",
        "label": "Pause",
        "url": request.path,
        "back": reverse("campaigns:detail", args=[campaign_id]),
    }
    return render(request, "confirm.html", context)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign = campaign_of(campaign_id)
    if request.method == "POST":
        with refusals_told(request):
            actions.stop_campaign(campaign, by=actor(request))
            messages.success(request, "Stopped. Mail that waited has been cancelled.")
        return redirect("campaigns:detail", campaign_id)
    context = {
        "title": f"Stop {campaign.name} for good?",
        "text": "Every lead that has not ended is stopped and mail that waits is cancelled. "
        "A stopped campaign cannot be started again; pausing can be undone.",
        "label": "Stop for good",
        "is_grave": True,
        "url": request.path,
        "back": reverse("campaigns:detail", args=[campaign_id]),
    }
    return render(request, "confirm.html", context)
