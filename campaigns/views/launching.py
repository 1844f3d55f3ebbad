"""Launch, pause and stop a campaign: a page that says what will happen, then a POST."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from campaigns import actions, reachability
from campaigns.models import Status
from campaigns.prices import dollars
from campaigns.queries import campaigns as reads
from campaigns.readiness import asks_a_model, missing
from campaigns.views.campaigns import campaign_of
from campaigns.views.telling import refusals_told


@member_only
@require_safe
def checklist(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    campaign = campaign_of(campaign_id)
    leads = reads.audience_size(campaign.audience)
    estimate = reads.estimated(campaign, leads)
    context = {
        "campaign": campaign,
        "checks": reads.checklist(campaign),
        "lacks": len(missing(campaign)),
        "leads": leads,
        "estimate": estimate,
        "at_most": dollars(estimate.cost),
        "is_sandbox": not asks_a_model(campaign),
        "reach": reachability.known(),
    }
    return render(request, "campaigns/checklist.html", context)


@member_only
@require_POST
def look(request: MemberRequest, campaign_id: UUID) -> HttpResponse:  # noqa: ARG001 - a view has one
    """Ask the opt-out address; the checklist asks for this once by itself, since it may take seconds."""
    campaign_of(campaign_id)
    reachability.look()
    return redirect("campaigns:checklist", campaign_id)


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


@member_only
@require_POST
def duplicate(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    copy = actions.duplicate(campaign_of(campaign_id), by=actor(request))
    messages.success(request, "A draft made of the same. Nobody is enrolled in it yet.")
    return redirect("campaigns:setup", copy.pk, "brief")


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def try_again(request: MemberRequest, campaign_id: UUID) -> HttpResponse:
    """Ask again for the leads that failed; the page before it says how many and what it may cost."""
    campaign = campaign_of(campaign_id)
    if request.method == "POST":
        with refusals_told(request):
            number = actions.try_again(campaign, by=actor(request))
            messages.success(request, f"{number:,} leads are asked about again.")
        return redirect("campaigns:detail", campaign_id)
    number = sum(len(ids) for ids in actions.failed_leads(campaign).values())
    estimate = reads.estimated(campaign, number)
    context = {
        "title": f"Try {number:,} failed leads again?",
        "text": f"Each is asked about once more, which costs at most {dollars(estimate.cost)} at your "
        "providers. Leads that have a draft or a mail are left as they are.",
        "label": "Try again",
        "url": request.path,
        "back": reverse("campaigns:detail", args=[campaign_id]),
    }
    return render(request, "confirm.html", context)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def stop_everything(request: MemberRequest) -> HttpResponse:
    """Anybody may pull the brake; to let go of it, an admin resumes sending."""
    if request.method == "POST":
        number = actions.stop_everything(by=actor(request))
        messages.success(request, f"Nothing leaves any more. {number:,} campaigns were paused.")
        return redirect("campaigns:list")
    context = {
        "title": "Stop everything?",
        "text": "Every campaign is paused and no mail leaves this workspace, from the next second on. "
        "Answers are still read. Sending is resumed under Mailboxes, each campaign on its own page.",
        "label": "Stop everything",
        "is_grave": True,
        "url": request.path,
        "back": reverse("campaigns:list"),
    }
    return render(request, "confirm.html", context)
