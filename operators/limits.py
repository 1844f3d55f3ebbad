"""Guessing at the console is slow: attempts are counted in Redis, by address and by account."""

from __future__ import annotations

import time

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from operators.errors import ConsoleError

WINDOW = 900
AT_MOST = 10


class TooMany(ConsoleError):
    """The limit is reached."""


def count(what: str, who: str) -> None:
    """Count one attempt of `who`, stored as a keyed hash. Raises `TooMany` beyond ten in fifteen minutes."""
    digest = salted_hmac(what, who.strip().lower(), algorithm="sha256").hexdigest()
    key = f"{what}:{int(time.time()) // WINDOW}:{digest}"
    cache.add(key, 0, timeout=WINDOW + 60)
    if cache.incr(key) > AT_MOST:
        raise TooMany("Too many attempts. Wait fifteen minutes and try again.")
