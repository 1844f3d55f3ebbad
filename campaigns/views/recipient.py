"""The page behind a mail's opt-out link (RFC 8058): no account, no cookie, no script.

Looking changes nothing, because mail scanners look at every link. A POST acts at once and answers 200, with
any body or none; a mailbox provider sends it for the recipient, so it can carry no CSRF token and follows no
redirect. The 256 random bits of the link are the authority; guessing is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import ip_of
from accounts.limits import Limit, TooMany, count, too_many
from campaigns import recipients
from campaigns.queries.recipients import explanation
from mailbox.models import Message

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
# Unknown links only: a provider opts many people out from one address, and none of them may be refused.
GUESSES = Limit("opt-out-guess", times=30, seconds=60)
Deed = Callable[[Message, str], None]


@csrf_exempt
@never_cache
@require_http_methods(METHODS)
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    return answer(request, token, lambda message, ip: recipients.opt_out(message, ip=ip))


@csrf_exempt
@never_cache
@require_http_methods(METHODS)
def erase(request: HttpRequest, token: str) -> HttpResponse:
    return answer(request, token, lambda message, ip: recipients.ask_for_erasure(message, ip=ip))


def answer(request: HttpRequest, token: str, deed: Deed) -> HttpResponse:
    """Act on a POST, and explain on every method what is known and what may be done."""
    message = recipients.message_of(token)
    if message is None:
        return unknown(request)
    if request.method == "OPTIONS":
        return HttpResponse(headers={"Allow": ", ".join(METHODS)})
    if request.method == "POST":
        deed(message, ip_of(request))
    context = {"about": explanation(message), "token": token}
    return render(request, "campaigns/recipient.html", context)


def unknown(request: HttpRequest) -> HttpResponse:
    """The same page, for a link that names no mail here; it says nothing about anybody."""
    try:
        count(GUESSES, ip_of(request))
    except TooMany as error:
        return too_many(request, error)
    return render(request, "campaigns/recipient.html", {"about": None}, status=404)
