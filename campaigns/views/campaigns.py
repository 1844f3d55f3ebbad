"""Pages of campaigns: the list, one campaign, its leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member_only
from campaigns.models import Campaign, Stage
from campaigns.queries import campaigns as reads
from campaigns.queries import results
from campaigns.readiness import asks_a_model
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
        "days": results.days(campaign),
        "comparison": results.comparison(campaign),
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
