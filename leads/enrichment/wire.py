"""One HTTP exchange with a provider: a connection of its own, a deadline, a bound, no redirects.

Nothing is shared between exchanges (no pool, no cookies, no proxy from the environment), so that nothing of
one workspace can reach another's. The name is looked up once and judged; the connection goes to that
address, whatever a second look-up would say, and the certificate is checked against the name.
"""

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPMethod
from typing import Self

import httpcore2

from leads.enrichment.edge import HostRefused, Resolve, Unavailable

CONNECT_SECONDS = 10.0
SECONDS = 30.0
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Request:
    """What is sent. Neither it nor its parts are ever logged: the headers hold the key."""

    method: HTTPMethod
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Limits:
    """How long the whole exchange may take, how much may come back, and who says where it may go."""

    seconds: float = SECONDS
    most: int = MAX_BYTES
    resolve: Resolve | None = None


USUAL = Limits()


class _TooLong(Exception):
    """The answer is longer than the limit."""


def exchange(who: str, request: Request, limits: Limits) -> Answer | Unavailable:
    """Sends the request once. Every trouble on the way is an Unavailable that names `who`."""
    try:
        return _exchanged(request, limits)
    except _TooLong:
        return Unavailable(f"The answer of {who} is longer than {limits.most // 1000} kB; it was dropped.")
    except HostRefused as error:
        return Unavailable(f"{who} is not asked: {error}")
    except httpcore2.TimeoutException:
        return Unavailable(f"{who} did not answer within {limits.seconds:.0f} seconds.")
    except (httpcore2.NetworkError, OSError):
        return Unavailable(f"{who} cannot be reached.")
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol):
        return Unavailable(f"{who} did not answer in HTTP.")


def _exchanged(request: Request, limits: Limits) -> Answer:
    network = _Network(limits.resolve, time.monotonic() + limits.seconds)
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "Paitho"}
    with (
        httpcore2.ConnectionPool(ssl_context=_trust(), network_backend=network) as pool,
        pool.stream(
            request.method.value,
            request.url,
            headers=[*{**headers, **request.headers}.items()],
            content=request.body,
        ) as answer,
    ):
        body = _bounded(answer.iter_stream(), limits.most)
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Answer(answer.status, found, body)


def _bounded(stream: Iterable[bytes], most: int) -> bytes:
    body = bytearray()
    for chunk in stream:
        body += chunk
        if len(body) > most:
            raise _TooLong
    return bytes(body)


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Line(httpcore2.NetworkStream):
    """A connection on which every wait ends at the deadline, so that a drop each second is not an answer."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Self:
        left = min(CONNECT_SECONDS, _left(self._deadline, timeout))
        return type(self)(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Network(httpcore2.NetworkBackend):
    """Connects to the address that the guard gave for the name."""

    def __init__(self, resolve: Resolve | None, deadline: float) -> None:
        self._resolve, self._deadline = resolve, deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        address = self._resolve(host, port) if self._resolve else host
        left = min(CONNECT_SECONDS, _left(self._deadline, timeout))
        return _Line(
            self._plain.connect_tcp(address, port, left, local_address, socket_options), self._deadline
        )


def _left(deadline: float, asked: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left if asked is None else min(asked, left)
