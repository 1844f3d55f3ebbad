"""What the operating system knows of a process: whether it lives, since when, and how to end it."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from paitho.embedded.files import write_private

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
Step = tuple[signal.Signals, float]


class Held(Exception):
    """Another living process holds the lock."""


def die_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `sig` to the child when the thread that started it ends."""
    parent = os.getpid()

    def arm() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), sig)

    return arm


def lock(path: Path, *, shared: bool = False) -> int:
    """A lock that ends with this process, however it ends. Raises Held when it is taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Held(str(path)) from None
    return handle


def is_alive(pid: int) -> bool:
    """True for a process that runs; false for one that ended and only waits to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _stat(pid)[:1] != ["Z"]


def started_at(pid: int) -> str | None:
    """A mark that tells a process from a later one with the same pid; None when there is none."""
    if LIBC is not None:
        fields = _stat(pid)
        return fields[19] if len(fields) > 19 and fields[0] != "Z" else None
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


def remember(path: Path, pid: int) -> None:
    """Write which process this is, so that a later one finds what is left of it."""
    write_private(path, f"{pid} {started_at(pid)}\n")


def remembered(path: Path) -> int | None:
    """The process that was written down, if it still runs and is not a later one with its number."""
    try:
        pid, _, mark = path.read_text().strip().partition(" ")
        return int(pid) if mark and started_at(int(pid)) == mark else None
    except (OSError, ValueError):
        return None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5)); the name before them may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def end(pid: int, *steps: Step) -> bool:
    """End a process that is not our child: each signal in turn, with its time; true once it is gone."""
    mark = started_at(pid)
    for sig, seconds in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not is_alive(pid) or started_at(pid) != mark:
                return True
            time.sleep(0.02)
    return False


def finish(child: subprocess.Popen[bytes], *steps: Step) -> bool:
    """End a child of ours likewise, and collect it."""
    for sig, seconds in steps:
        child.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_port_taken(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
