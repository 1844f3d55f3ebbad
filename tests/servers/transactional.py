"""Postmark's and Resend's send APIs on loopback, as their documentation describes them.

postmarkapp.com/developer/api/email-api and resend.com/docs/api-reference/emails/send-email: paths, headers of
the key, fields that are required, and the bodies of answers and errors.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

POSTMARK_KEY, RESEND_KEY = "11111111-2222-3333-4444-555555555555", "re_secret_of_the_test"


@dataclass
class Provider:
    """Keeps what it accepted; `answer` replaces what it says next: (status, body)."""

    url: str = ""
    accepted: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    answer: tuple[int, object] | None = None
    silence: float = 0  # seconds before it says anything

    def last(self) -> dict[str, Any]:
        return self.accepted[-1]

    def postmark(self, headers: Any, sent: dict[str, Any]) -> tuple[int, object]:
        if headers.get("X-Postmark-Server-Token") != POSTMARK_KEY:
            return 401, {"ErrorCode": 10, "Message": "The Server Token you provided is invalid."}
        if not {"From", "To"} <= sent.keys() or not ({"HtmlBody", "TextBody"} & sent.keys()):
            return 422, {"ErrorCode": 300, "Message": "Invalid email request"}
        self.accepted.append(sent)
        return 200, {
            "To": sent["To"], "SubmittedAt": "2026-11-26T14:00:00Z", "MessageID": str(uuid4()),
            "ErrorCode": 0, "Message": "OK",
        }  # fmt: skip

    def resend(self, headers: Any, sent: dict[str, Any]) -> tuple[int, object]:
        if headers.get("Authorization") != f"Bearer {RESEND_KEY}":
            return 401, {"statusCode": 401, "name": "validation_error", "message": "API key is invalid"}
        if not {"from", "to", "subject"} <= sent.keys():
            return 422, {"statusCode": 422, "name": "missing_required_field", "message": "Missing field."}
        self.accepted.append(sent)
        return 200, {"id": str(uuid4())}


@contextmanager
def serving() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            provider.asked += 1
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            route = {"/email": provider.postmark, "/emails": provider.resend}.get(self.path)
            assert route, self.path
            time.sleep(provider.silence)
            status, body = provider.answer or route(self.headers, sent)
            told = body if isinstance(body, bytes) else json.dumps(body).encode()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked did not wait
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

        def log_message(self, *args: object) -> None:
            """Nothing: the test says what it expects."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
