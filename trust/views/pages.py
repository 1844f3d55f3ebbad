"""The pages that state something."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.backup import records
from trust import facts, inventory
from trust.forms import SubscribeForm
from trust.models import Entry
from trust.queries import pages, status
from trust.queries.posture import posture as last_posture


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {"is_embedded": settings.EMBEDDED, "demo": pages.demo_origin(), "posture": last_posture()}
    return render(request, "trust/home.html", context)


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    context = {
        "posture": last_posture(),
        "six": inventory.SIX,
        "in_your_schema": inventory.IN_YOUR_SCHEMA,
        "ours": inventory.OURS,
        "vendors": pages.vendors(),
        "standings": pages.standings(),
        "contact": facts.CONTACT,
        "status": status.current(),
        "custody": records.age(),
        "drill": records.last_drill(),
    }
    return render(request, "trust/trust.html", context)


@require_safe
def posture(_: HttpRequest) -> JsonResponse:
    """The last run of the checks, for machines."""
    found = last_posture()
    told = {
        "checked_at": found.at.isoformat() if found.at else None,
        "proved": found.proved,
        "failed": found.failed,
        "waiting": found.waiting,
        "claims": [
            {
                "name": claim.check.name,
                "section": claim.check.section,
                "claim": claim.check.claim,
                "outcome": claim.outcome,
                "saw": claim.saw,
            }
            for claim in found.claims
        ],
    }
    return JsonResponse(told, json_dumps_params={"indent": 2})


@require_safe
def manifesto(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/manifesto.html")


@require_safe
def changelog(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    if kind and kind not in Entry.Kind.values:
        raise Http404("There is no such kind of entry.")
    context = {
        "entries": pages.entries(kind),
        "kind": kind,
        "kinds": Entry.Kind.choices,
        "form": SubscribeForm(initial={"changes": True}),
    }
    return render(request, "trust/changelog.html", context)


@require_safe
def sub_processors(request: HttpRequest) -> HttpResponse:
    context = {"vendors": pages.vendors(), "form": SubscribeForm(initial={"changes": True})}
    return render(request, "trust/sub_processors.html", context)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    context = {"facts": facts, "researchers": pages.hall_of_fame(), "posture": last_posture()}
    return render(request, "trust/security.html", context)


@require_safe
def security_txt(_: HttpRequest) -> HttpResponse:
    """RFC 9116."""
    lines = [
        f"Contact: mailto:{facts.CONTACT}",
        f"Expires: {facts.SECURITY_TXT_EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        f"Acknowledgments: {settings.ORIGIN}/security#hall-of-fame",
        "Preferred-Languages: en",
        f"Canonical: {settings.ORIGIN}/.well-known/security.txt",
        f"Policy: {settings.ORIGIN}/security",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def robots_txt(_: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /sign-up/", "Disallow: /subscribe/", "Disallow: /unsubscribe/"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
