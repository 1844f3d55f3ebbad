"""The end of a workspace: a typed confirmation, a way back, and a receipt on the apex."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, actor, owner_only
from audit import queries, removing
from tenants import lifecycle
from tenants.models import State


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest) -> HttpResponse:
    slug = request.workspace.slug
    if request.method == "POST" and request.POST.get("typed", "").strip() == slug:
        ends, url = removing.end_workspace(by=actor(request))
        return render(request, "audit/deletion_asked.html", {"ends": ends, "receipt_url": url})
    context = {
        "facts": queries.what_would_go(request.workspace),
        "url": reverse("audit:delete_workspace"),
        "back": reverse("audit:data"),
        "typed": slug,
        "pattern": re.escape(slug),
        "grace_days": lifecycle.GRACE.days,
    }
    return render(request, "audit/delete.html", context)


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: MemberRequest) -> HttpResponse:
    if request.workspace.state != State.DELETING:
        return redirect("audit:data")
    if request.method == "POST":
        removing.keep_workspace(by=actor(request))
        messages.success(request, "The workspace is kept. Sending stays as it was before.")
        return HttpResponseRedirect("/")
    return render(request, "audit/keep.html")


@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    found = lifecycle.receipt(removing.hash_of(token))
    if found is None:
        return render(request, "audit/no_receipt.html", status=404)
    context = {"receipt": found, "lines": queries.receipt_lines(found)}
    response = render(request, "audit/receipt.html", context)
    response["Cache-Control"] = "no-store"
    return response
