"""The first page of a workspace: what waits for a person, what runs, and what to do next."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member_only
from campaigns.queries import today as reads
from campaigns.queries.campaigns import progress


@member_only
@require_safe
def today(request: MemberRequest) -> HttpResponse:
    context = {
        "waiting": reads.waiting(),
        "running": [(each, progress(each)) for each in reads.running_campaigns()],
        "imports": reads.running_imports(),
        "days": reads.last_days(),
        "checks": reads.first_steps(),
    }
    return render(request, "campaigns/today.html", context)
