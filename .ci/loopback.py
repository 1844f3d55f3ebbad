"""Two small servers for `.ci/scan.py`: a proxy to this machine, and a page with holes."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return None

    def reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(BrokenPipeError):  # whoever asked has gone
                self.wfile.write(content)


class Loopback(Quiet):
    """A proxy to this machine: not every resolver knows that `acme.localhost` is loopback (RFC 6761, 6.3).

    Each request comes from another address of the loopback net, as from an attacker who has many: else the
    limits on forms would answer in place of what is behind them.
    """

    def forward(self) -> None:
        parts = urlsplit(self.path)
        source = ".".join(str(secrets.randbelow(254) + 1) for _ in range(3))
        line = HTTPConnection("127.0.0.1", parts.port or 80, timeout=60, source_address=(f"127.{source}", 0))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "proxy-connection"}
        line.request(self.command, target, body or None, {**headers, "Host": parts.netloc})
        answer = line.getresponse()
        hop = {"transfer-encoding", "connection", "content-length"}
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in hop]
        self.reply(answer.status, kept, answer.read())
        line.close()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = forward  # noqa: N815


class Planted(Quiet):
    """A page that puts what it is given into SQL and into HTML, as it is."""

    def do_GET(self) -> None:
        given = parse_qs(urlsplit(self.path).query).get("id", [""])[0]
        things = sqlite3.connect(":memory:")
        things.execute("CREATE TABLE things (id int, name text)")
        things.execute("INSERT INTO things VALUES (1, 'a thing')")
        try:
            rows = things.execute(f"SELECT name FROM things WHERE id = {given or 0}").fetchall()  # noqa: S608
        except (sqlite3.Error, sqlite3.Warning) as error:
            rows = [(str(error),)]
        page = f"<!doctype html><title>x</title><a href='/?id=1'>one</a><p>{given}</p><p>{rows}</p>"
        self.reply(200, [("Content-Type", "text/html; charset=utf-8")], page.encode())


def served(handler: type[Quiet]) -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def proxied() -> str:
    """Start the proxy, and return its address."""
    return served(Loopback)


def planted() -> str:
    """Start the page with holes, and return its address."""
    return served(Planted)
