"""Paitho's own mail as the sandbox kept it, so that who tries the product can open the links in it.

Only in the embedded default, where no mail leaves the machine; elsewhere these pages do not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import outbox as kept

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def embedded_only(view: View[P]) -> View[P]:
    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.EMBEDDED:
            raise Http404
        return view(request, *args, **kwargs)

    return shown


@embedded_only
@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sandbox_mail/outbox.html", {"letters": kept.letters()})


@embedded_only
@never_cache
@require_safe
def message(request: HttpRequest, box: str, name: str) -> HttpResponse:
    letter = kept.letter(box, name)
    if letter is None:
        raise Http404
    return render(request, "accounts/sandbox_mail/message.html", {"letter": letter})
