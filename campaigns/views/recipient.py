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
from campaigns.forms.recipient import TakeBackForm
from campaigns.queries.recipients import explanation
from mailbox.models import Message

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
# Unknown links only: a provider opts many people out from one address, and none of them may be refused.
GUESSES = Limit("opt-out-guess", times=30, seconds=60)
# Of the address, by who holds a link: it takes one, and some typing.
TRIES = Limit("take-back-try", times=10, seconds=3600)
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


@csrf_exempt
@never_cache
@require_http_methods(METHODS)
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    """The recipient's own way back: a page that asks, and a POST with the address that the mail went to."""
    message = recipients.message_of(token)
    if message is None or request.method == "OPTIONS":
        return answer(request, token, _nothing)
    form, is_done = TakeBackForm(request.POST if request.method == "POST" else None), False
    if request.method == "POST" and form.is_valid():
        said, is_member = form.cleaned_data["address"], request.user.is_authenticated
        try:
            count(TRIES, str(message.pk))
            recipients.take_back_opt_out(message, said, ip=ip_of(request), is_member=is_member)
            is_done = True
        except TooMany as error:
            return too_many(request, error)
        except recipients.NotTheirs as error:
            form.add_error("address", str(error))
    context = {"about": explanation(message), "token": token, "form": form, "is_done": is_done}
    return render(request, "campaigns/take_back.html", context, status=422 if form.errors else 200)


def _nothing(message: Message, ip: str) -> None:
    del message, ip


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
