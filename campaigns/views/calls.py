"""Every call to a model: what was asked, what came back, what it cost, and when the texts go."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member_only
from campaigns.models import StageRun
from campaigns.queries import calls as reads
from paitho.lib.ids import as_uuid


@member_only
@require_safe
def calls(request: MemberRequest) -> HttpResponse:
    wanted = reads.Filter.of(request.GET)
    found = reads.calls(wanted, as_uuid(request.GET.get("before", "")))
    page = found[: reads.SHOWN]
    context = {
        "calls": page,
        "before": page[-1].run.pk if len(found) > len(page) else None,
        "wanted": wanted,
        "totals": reads.totals(wanted),
        "stages": list(reads.STAGES.items()),
        "outcomes": reads.outcomes(),
        "campaigns": reads.campaigns_asked(),
        "is_sandbox": any(call.is_sandbox for call in page),
    }
    return render(request, "campaigns/calls.html", context)


@member_only
@require_safe
def call(request: MemberRequest, call_id: UUID) -> HttpResponse:
    run = get_object_or_404(StageRun.objects.select_related("campaign", "enrollment__lead"), pk=call_id)
    found = reads.Call(run)
    return render(request, "campaigns/call.html", {"call": found, "is_sandbox": found.is_sandbox})
