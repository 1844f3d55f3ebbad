"""The first page of a workspace: what is going on, and what to do next."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, member_only


@member_only
@require_safe
def today(request: MemberRequest) -> HttpResponse:
    return render(request, "campaigns/today.html")
