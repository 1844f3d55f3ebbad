"""A Sentry relay on loopback: it takes envelopes as the SDK sends them and keeps their items, opened."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Relay:
    """`raw` is everything that was received, byte for byte; `events` the events and transactions in it."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return f"http://publickey@127.0.0.1:{self.port}/1"

    def take(self, body: bytes) -> None:
        self.raw.append(body)
        lines = body.split(b"\n")
        at = 1
        while at + 1 < len(lines):
            head = json.loads(lines[at] or b"{}")
            if head.get("type") in {"event", "transaction"}:
                self.events.append(json.loads(lines[at + 1]))
            at += 2

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while len(self.events) < number:
            assert time.monotonic() < deadline, "The relay got too few events."
            time.sleep(0.02)
        return self.events

    def everything(self) -> str:
        return b"\n".join(self.raw).decode(errors="replace")


@contextmanager
def serving() -> Iterator[Relay]:
    relay = Relay()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            assert self.path == "/api/1/envelope/", self.path
            relay.take(gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            """Nothing: the test says what it expects."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    relay.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
