"""What the workspace's models may cost in a month."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, actor, admin_only
from campaigns import actions
from campaigns.forms import LimitForm
from campaigns.queries import spending as reads


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def limit(request: MemberRequest) -> HttpResponse:
    form = LimitForm(request.POST or None, initial=LimitForm.entries(reads.limit()))
    if request.method == "POST" and form.is_valid():
        actions.set_limit(micros=form.micros(), tokens=form.cleaned_data["tokens"], by=actor(request))
        messages.success(request, "Saved. It counts from the next call on.")
        return redirect("campaigns:limit")
    context = {"form": form, "month": reads.month(), "rows": reads.by_campaign()}
    return render(request, "campaigns/limit.html", context, status=422 if form.errors else 200)
