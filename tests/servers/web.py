"""A web server on loopback in the test's own process, for browsers: one thread a connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the test says what it expects."""


class Server(ThreadedWSGIServer):
    """Closes a thread's database sessions when its connection ends, the warm ones too."""

    daemon_threads = True

    def _close_connections(self) -> None:
        if hasattr(connections["default"], "close_everything"):
            connections["default"].close_everything()
        super()._close_connections()


@contextmanager
def serving(application: Any) -> Iterator[int]:
    """Serve a WSGI application; yields its port."""
    server = Server(("127.0.0.1", 0), QuietHandler, allow_reuse_address=False)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
