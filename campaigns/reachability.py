"""Whether the opt-out address answers: one request to the workspace's own host, as a recipient's would be.

The host is ours, from the directory, and never typed into a page that leads here; still its name may be one
that a workspace brought, so it goes only where a public name may (the guard of mail servers), to the one
address that was looked up, and follows no redirect. Nothing of the answer is shown.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from django.core.cache import cache

from campaigns.llm.endpoints import EndpointError
from campaigns.reach import address_of
from tenants.binding import current
from tenants.directory import origin_of

SECONDS = 4.0
REMEMBERED = 3600
MOST_BYTES = 65_536
NO_MAIL = "/o/is-anybody-there"  # a link that names no mail: its page says so and changes nothing
MARK = b"This link names no mail"
NAME = "opt-out-reach"


class Reach(StrEnum):
    """What came of the request."""

    ANSWERS = "answers"
    WRONG = "wrong"
    SILENT = "silent"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]


SENTENCES = {
    Reach.ANSWERS: "",
    Reach.WRONG: "Something else answers where the opt-out link leads: recipients could not opt out.",
    Reach.SILENT: "The opt-out link could not be opened from here. Open it once from another network.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and by which name to ask."""

    host: str
    port: int
    is_secure: bool

    @classmethod
    def of(cls, origin: str) -> Target:
        parts = urlsplit(origin)
        is_secure = parts.scheme == "https"
        return cls(parts.hostname or "", parts.port or (443 if is_secure else 80), is_secure)

    @property
    def named(self) -> str:
        usual = 443 if self.is_secure else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def known() -> Reach | None:
    """What was found within the last hour; None: nobody has looked."""
    found = cache.get(NAME)
    return Reach(found) if found in set(Reach) else None


def look() -> Reach:
    """Ask now, and remember it for the checklist."""
    found = reach_of(origin_of(current()))
    cache.set(NAME, found.value, REMEMBERED)
    return found


def reach_of(origin: str) -> Reach:
    """One request, of a few seconds at most, however slowly its answer drips."""
    target = Target.of(origin)
    try:
        with _connected(target) as line:
            asked = http.client.HTTPConnection(target.host, target.port)
            asked.sock = line
            asked.request("GET", NO_MAIL, headers={"Host": target.named, "Connection": "close"})
            answer = asked.getresponse()
            body = answer.read(MOST_BYTES)
    except (OSError, EndpointError, http.client.HTTPException):
        return Reach.SILENT
    return Reach.ANSWERS if answer.status == 404 and MARK in body else Reach.WRONG


@contextmanager
def _connected(target: Target) -> Iterator[socket.socket]:
    """A connection to the one address that the guard allows, which ends by itself when its time is over."""
    address = address_of(target.host, target.port)
    line = socket.create_connection((address, target.port), timeout=SECONDS)
    with line.dup() as handle:
        end = threading.Timer(SECONDS, _end, [handle])
        end.start()
        try:
            if target.is_secure:
                line = ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
            with line:
                yield line
        finally:
            end.cancel()


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
