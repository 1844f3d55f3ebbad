"""What a supervisor runs, and how a program says that it is ready."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paitho.embedded import process

Steps = tuple[process.Step, ...]


class Service(Protocol):
    """Something that is started, asked whether it is ready, ended by signals, and cleared up after."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> Steps: ...
    @property
    def is_quiet(self) -> bool:
        """Whether its words go to the log file alone."""

    def start(self, log: int) -> subprocess.Popen[bytes]: ...
    def is_ready(self) -> bool: ...
    def release(self) -> None: ...


@dataclass(frozen=True)
class Program:
    """A command line."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    directory: Path
    probe: Callable[[], bool] | None = None
    steps: Steps = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))
    is_quiet: bool = False

    def start(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.directory,
            env=dict(self.environment),
            process_group=0,
            preexec_fn=process.die_with_parent(signal.SIGTERM),
        )

    def is_ready(self) -> bool:
        return self.probe is None or self.probe()

    def release(self) -> None:
        """Nothing outlives the process."""


def takes_connections(*ports: int) -> bool:
    for port in ports:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
    return True


def answers_http(port: int) -> bool:
    """Whether a web server answers on this port, with whatever page but an error of its own."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
        line.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return line.getresponse().status < 500
    return False
