"""Whether a model may read replies."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, actor, admin_only
from campaigns import actions
from campaigns.forms import RepliesForm
from campaigns.queries import replies as reads


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def replies(request: MemberRequest) -> HttpResponse:
    form = RepliesForm(request.POST or None, initial=RepliesForm.entries(reads.reader()))
    if request.method == "POST" and form.is_valid():
        actions.read_replies(**form.cleaned_data, by=actor(request))
        messages.success(request, "Saved. It counts from the next reply on.")
        return redirect("campaigns:replies")
    context = {"form": form, "month": reads.month()}
    return render(request, "campaigns/replies.html", context, status=422 if form.errors else 200)
