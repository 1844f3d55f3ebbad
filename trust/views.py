"""The pages of the public site. They know no visitor and set no cookie."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trust import facts, probes, queries


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request, "trust/home.html", {"is_embedded": settings.EMBEDDED, "demo": queries.demo_origin()}
    )


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/trust.html", {"facts": facts})


@require_safe
def manifesto(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/manifesto.html")


@require_safe
def changelog(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/changelog.html", {"facts": facts})


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/security.html", {"facts": facts})


@require_safe
def security_txt(_: HttpRequest) -> HttpResponse:
    """RFC 9116."""
    origin = f"{settings.APEX.scheme}://{settings.APEX.netloc}"
    lines = [
        f"Contact: mailto:{facts.CONTACT}",
        f"Expires: {facts.SECURITY_TXT_EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {origin}/.well-known/security.txt",
        f"Policy: {origin}/security",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def dpa(request: HttpRequest) -> HttpResponse:
    return render(request, "trust/dpa.html", {"facts": facts})


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    context = {"components": probes.components(), "now": timezone.now()}
    return render(request, "trust/status.html", context)
