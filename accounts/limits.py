"""Limits on what strangers may try, counted in Redis in fixed windows, per workspace or for the apex.

What is counted (an IP address, an e-mail address) is stored as a keyed hash only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import IPv6Network, ip_address
from typing import Concatenate, ParamSpec

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from accounts.access import ip_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in each window of `seconds`. The name has no spaces: it is part of a cache key."""

    name: str
    times: int
    seconds: int


class TooMany(Exception):
    """The limit is reached; it opens again in `wait` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many attempts. Wait {wait} seconds and try again.")
        self.wait = wait


def count(limit: Limit, who: str) -> None:
    """Count one attempt of `who`. Raises `TooMany` beyond the limit."""
    now = int(time.time())
    window, spent = divmod(now, limit.seconds)
    digest = salted_hmac(limit.name, who.strip().lower(), algorithm="sha256").hexdigest()
    key = f"limit:{limit.name}:{window}:{digest}"
    cache.add(key, 0, timeout=limit.seconds + 60)
    if cache.incr(key) > limit.times:
        raise TooMany(limit.seconds - spent)


def limited(limit: Limit, methods: tuple[str, ...] = ("POST",)) -> Callable[[View[P]], View[P]]:
    """Count requests by the address they come from; beyond the limit the answer is 429."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                if request.method in methods:
                    count(limit, source_of(request))
                return view(request, *args, **kwargs)
            except TooMany as error:
                return too_many(request, error)

        return counted

    return decorate


def source_of(request: HttpRequest) -> str:
    """The address that asks; of IPv6 its /64, which is what one customer of a provider holds."""
    ip = ip_of(request)
    try:
        parsed = ip_address(ip)
    except ValueError:
        return ip
    return ip if parsed.version == 4 else str(IPv6Network((parsed, 64), strict=False))


def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    answer = render(request, "429.html", {"retry_after": error.wait}, status=429)
    answer.headers["Retry-After"] = str(error.wait)
    return answer
