"""A local HTTP server that speaks one provider's documented wire format and does as it is told.

Without a script it answers every question with a form that fits the schema it was sent, made from
that request alone. A script is a queue of `Reply`: one is used per request, in order.
"""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.servers import llm_anthropic, llm_google, llm_openai


@dataclass(frozen=True)
class Asked:
    """What a question came down to, whatever the provider's format."""

    model: str
    system: str
    prompt: str
    schema: dict[str, Any] | None


@dataclass(frozen=True)
class Reply:
    """One scripted answer. `cut_after`: close the line after so many bytes of the body, although
    more were announced. `drip`: seconds between single bytes. `hang`: never answer."""

    status: int = 200
    body: bytes | str | dict[str, Any] | list[Any] = b""
    headers: dict[str, str] = field(default_factory=dict)
    first_byte_after: float = 0.0
    cut_after: int | None = None
    drip: float = 0.0
    hang: bool = False

    def raw(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Format(Protocol):
    prefix: str

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None: ...

    def models(self, path: str) -> dict[str, Any] | None: ...


FORMATS: dict[str, Any] = {
    "openai": llm_openai,
    "compatible": llm_openai,
    "anthropic": llm_anthropic,
    "google": llm_google,
}


class LlmServer:
    def __init__(self, provider: str, latency: float = 0.0) -> None:
        self.format = FORMATS[provider]
        self.latency = latency
        self.journal: list[Seen] = []
        self.always: Reply | None = None
        self.active = 0
        self.most_active = 0
        self._script: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen on a free loopback port; returns the base URL to give to the client."""
        handler = type("Handler", (_Handler,), {"llm": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.format.prefix}"

    def stop(self) -> None:
        self._stopped.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def script(self, *replies: Reply) -> None:
        self._script.extend(replies)

    def next_reply(self, seen: Seen) -> Reply:
        with self._lock:
            self.journal.append(seen)
            scripted = self._script.popleft() if self._script else self.always
        return scripted or self._default(seen)

    def _default(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            body = self.format.models(seen.path)
        else:
            body = self.format.answer(seen.path, seen.json)
        if body is None:
            return Reply(status=404, body={"error": {"message": "not found", "code": "not_found"}})
        return Reply(body=body, first_byte_after=self.latency)

    def entered(self, step: int) -> None:
        with self._lock:
            self.active += step
            self.most_active = max(self.most_active, self.active)

    def wait(self, seconds: float | None) -> None:
        self._stopped.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a slow or hanging reply is what those replies are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    llm: LlmServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, self.rfile.read(length))
        self.llm.entered(1)
        try:
            self._send(self.llm.next_reply(seen))
        finally:
            self.llm.entered(-1)

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.llm.wait(None)
            self.close_connection = True
            return
        if reply.first_byte_after:
            time.sleep(reply.first_byte_after)
        body = reply.raw()
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send_body(reply, body)

    def _send_body(self, reply: Reply, body: bytes) -> None:
        if reply.cut_after is not None:
            self.wfile.write(body[: reply.cut_after])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif reply.drip:
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                self.wfile.flush()
                time.sleep(reply.drip)
        else:
            self.wfile.write(body)
