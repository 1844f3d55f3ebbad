"""Status for people, machines and feed readers; it answers while the database does not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trust import feeds
from trust.forms import SubscribeForm
from trust.queries import status as queries


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    context = {"status": queries.current(), "form": SubscribeForm(initial={"status": True})}
    return render(request, "trust/status.html", context)


@never_cache
@require_safe
def status_json(_: HttpRequest) -> JsonResponse:
    return JsonResponse(feeds.status_as_json(queries.current()), json_dumps_params={"indent": 2})


@never_cache
@require_safe
def status_atom(_: HttpRequest) -> HttpResponse:
    return HttpResponse(feeds.status_as_atom(queries.current()), content_type=feeds.ATOM)


@require_safe
def changelog_atom(_: HttpRequest) -> HttpResponse:
    return HttpResponse(feeds.changelog_as_atom(), content_type=feeds.ATOM)
