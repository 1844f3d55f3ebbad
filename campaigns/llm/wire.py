"""The HTTP client that every SDK in this process shares.

One pool of connections for all keys: no cookies, no redirects (both could carry something from one
workspace to another), a deadline for each whole exchange, a bound on what is read, and a guard that
sees each connection's address before it is made.
"""

import atexit
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar, cast

import httpcore2
import httpx2

from campaigns.llm.endpoints import EndpointError, Resolve
from campaigns.llm.outcomes import BadRequest, Outcome, Reason, TimedOut, Unavailable

T = TypeVar("T")

MAX_CONNECTIONS = 256
CONNECT_SECONDS = 10.0
MAX_BYTES = 4_000_000
MAX_PACKED_BYTES = 64_000  # gzip unpacks to at most a thousand times as much


@dataclass(frozen=True)
class Journey:
    deadline: float
    resolve: Resolve | None


_journey: ContextVar[Journey] = ContextVar("journey")


@contextmanager
def journey(seconds: float, resolve: Resolve | None) -> Iterator[None]:
    """Bound everything that this thread sends and reads inside, and guard its new connections."""
    token = _journey.set(Journey(time.monotonic() + seconds, resolve))
    try:
        yield
    finally:
        _journey.reset(token)


def _left(asked: float | None, late: type[httpcore2.TimeoutException]) -> float:
    left = _journey.get().deadline - time.monotonic()
    if left <= 0:
        raise late("the exchange took too long")
    return left if asked is None else min(asked, left)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the journey of the thread that uses it now."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = min(CONNECT_SECONDS, _left(timeout, httpcore2.ConnectTimeout))
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Network(httpcore2.NetworkBackend):
    """Connects where the journey's guard says, whatever a second look-up of the name would say."""

    def __init__(self) -> None:
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        guard = _journey.get().resolve
        try:
            address = guard(host, port) if guard else host
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        left = min(CONNECT_SECONDS, _left(timeout, httpcore2.ConnectTimeout))
        return _Stream(self._plain.connect_tcp(address, port, left, local_address, socket_options))


class _Body(httpx2.SyncByteStream):
    """A response body that ends with an error where it grows past its bound."""

    def __init__(self, stream: Iterable[bytes], most: int) -> None:
        self._stream = stream
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        with _translated():
            for chunk in self._stream:
                taken += len(chunk)
                if taken > self._most:
                    raise httpx2.RemoteProtocolError("the answer is too long")
                yield chunk

    def close(self) -> None:
        if close := getattr(self._stream, "close", None):
            close()


class _Transport(httpx2.BaseTransport):
    def __init__(self) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=_Network(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        url = request.url
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            answer = self._pool.handle_request(asked)
        return httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(cast("Iterable[bytes]", answer.stream), _most(answer)),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


def _most(answer: httpcore2.Response) -> int:
    encodings = [v.strip().lower() for name, v in answer.headers if name.lower() == b"content-encoding"]
    if encodings in ([], [b"identity"]):
        return MAX_BYTES
    return MAX_PACKED_BYTES if encodings in ([b"gzip"], [b"deflate"]) else 0


@contextmanager
def _translated() -> Iterator[None]:
    """Each httpcore2 exception has its namesake in httpx2, which is the one that SDKs know."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from error


def once(make: Callable[[], T]) -> Callable[[], T]:
    """A thing that is made at the first call and once, even if a hundred threads call first together."""
    lock, made = threading.Lock(), lru_cache(maxsize=1)(make)

    def get() -> T:
        with lock:
            return made()

    return get


@once
def client() -> httpx2.Client:
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    made = httpx2.Client(transport=_Transport(), cookies=no_cookies, follow_redirects=False, trust_env=False)
    atexit.register(made.close)
    return made


def timeouts(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


BROKEN = (httpx2.HTTPError, EndpointError)


def broken(error: BaseException, who: str, after: float) -> Outcome:
    """The outcome of an exchange that ended without an HTTP answer, whatever an SDK wrapped it in."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, BROKEN):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, EndpointError):
        return BadRequest(who=who, reason=Reason.BAD_ENDPOINT)
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unavailable(who=who)
    if isinstance(cause, httpx2.TimeoutException):
        return TimedOut(who=who, after=after)
    return Unavailable(who=who)
