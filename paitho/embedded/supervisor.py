"""Runs programs as one foreground process: starts them layer by layer, watches them, ends them in reverse.

    starting --ready--> running --ends--> paused (1, 2, 4 … seconds) --> starting
                                    \\--> after GIVE_UP_AFTER quick ends in a row, or two before it was ever
                                         ready: everything stops

Every program ends with the supervisor, however the supervisor ends: the kernel tells it (PR_SET_PDEATHSIG),
and what slips through carries MARK in its environment, by which the next start finds and ends it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from paitho.embedded import process
from paitho.embedded.errors import SupervisorError
from paitho.embedded.output import Log, Terminal
from paitho.embedded.programs import Program, Service

MARK = "PAITHO_SUPERVISED"
READY_SECONDS = 90.0
GIVE_UP_AFTER = 5
QUICK = 20.0  # a program that ran this long before it ended did not fail to start
LONGEST_PAUSE = 8.0
TICK = 0.1


class Stop(Exception):
    """Somebody asked us to stop."""


@dataclass(eq=False)
class Child:
    """A service and the process that it is at the moment."""

    service: Service
    log: Log
    process: subprocess.Popen[bytes] | None = None
    is_ready: bool = False
    was_ready: bool = False
    failures: int = 0
    since: float = 0.0
    due: float = 0.0
    said: list[bytes] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def words(self) -> str:
        return b"".join(self.said).decode(errors="replace")


class Supervisor:
    """Used as a context: whatever was started inside is stopped at its end."""

    def __init__(self, logs: Path, terminal: Terminal) -> None:
        self._logs = logs
        self._terminal = terminal
        self._layers: list[list[Child]] = []
        self._selector = selectors.DefaultSelector()
        self._is_asked = 0
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers[sig] = signal.signal(sig, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for sig, handler in self._handlers.items():
            signal.signal(sig, handler)  # type: ignore[arg-type]  # what signal.signal returned
        os.close(signal.set_wakeup_fd(-1))
        os.close(self._wake)
        self._selector.close()

    def start(self, *layers: Sequence[Service]) -> None:
        """Start these and return when all are ready. Later layers are stopped first."""
        fresh: list[Child] = []
        for layer in layers:
            children = [self._child(service) for service in layer]
            self._layers.append(children)
            fresh += children
            for child in children:
                self._launch(child)
        deadline = time.monotonic() + READY_SECONDS
        while not all(child.is_ready for child in fresh):
            self._turn()
            if time.monotonic() > deadline:
                waiting = [child.service.name for child in fresh if not child.is_ready]
                raise SupervisorError(f"Not ready after {READY_SECONDS:.0f} seconds: {', '.join(waiting)}.")

    def run(self, program: Program) -> str:
        """Run a program that ends by itself, and return what it said. Raises unless it ends well."""
        child = self._child(program)
        self._layers.append([child])
        self._launch(child)
        while child.is_alive:
            self._turn(watch=False)
        self._drain(child)
        self._layers.remove([child])
        child.log.close()
        if child.process is not None and child.process.returncode:
            raise SupervisorError(self._complaint(child, f"failed (exit {child.process.returncode})"))
        return child.words

    def attend(self, program: Program) -> int:
        """Run a program that has the terminal to itself, beside the others; its exit status."""
        child = subprocess.Popen(
            program.command,
            cwd=program.directory,
            env=dict(program.environment),
            preexec_fn=process.die_with_parent(signal.SIGTERM),
        )
        try:
            while child.poll() is None:
                self._turn()
        finally:
            process.finish(child, *program.steps)
        return child.returncode

    def watch(self) -> None:
        """Keep everything running until somebody asks to stop (Stop) or a program cannot go on."""
        while True:
            self._turn()

    def stop(self) -> None:
        """End the layers, the last first; a second signal makes it quick."""
        self._is_asked = min(self._is_asked, 1)
        while self._layers:
            layer = self._layers.pop()
            self._end(layer)
            for child in layer:
                child.log.close()

    def _child(self, service: Service) -> Child:
        terminal = None if service.is_quiet else self._terminal
        return Child(service, Log(service.name, self._logs, terminal))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked += 1

    def _turn(self, *, watch: bool = True) -> None:
        """Read what was said, look after the programs, and leave when asked to."""
        self._read(TICK)
        if self._is_asked:
            raise Stop
        now = time.monotonic()
        for child in [child for layer in self._layers for child in layer] if watch else []:
            if child.is_alive:
                child.is_ready = child.is_ready or child.service.is_ready()
                child.was_ready = child.was_ready or child.is_ready
            elif child.process is not None:
                self._bury(child)
                self._pause(child, now)
            elif now >= child.due:
                self._launch(child)

    def _launch(self, child: Child) -> None:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        self._selector.register(reader, selectors.EVENT_READ, child)
        child.since = time.monotonic()
        try:
            child.process = child.service.start(writer)
        finally:
            os.close(writer)

    def _pause(self, child: Child, now: float) -> None:
        child.failures = child.failures + 1 if now - child.since < QUICK else 1
        if child.failures >= (GIVE_UP_AFTER if child.was_ready else 2):
            raise SupervisorError(self._complaint(child, f"ended {child.failures} times in a row"))
        pause = min(2.0 ** (child.failures - 1), LONGEST_PAUSE)
        child.due = now + pause
        self._terminal.say(f"{child.service.name} ended; starting it again in {pause:.0f} s.")

    def _complaint(self, child: Child, what: str) -> str:
        """One sentence, under the last words of a program that nobody heard."""
        unheard = "\n".join(child.words.splitlines()[-20:]) + "\n" if child.service.is_quiet else ""
        return f"{unheard}{child.service.name} {what}: see {child.log.path}."

    def _bury(self, child: Child) -> None:
        """Collect an ended process, its last words, and whatever it started and left behind."""
        if child.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        self._drain(child)
        child.process = None
        child.is_ready = False
        child.service.release()

    def _end(self, children: list[Child]) -> None:
        ladders = {child: iter(child.service.steps) for child in children if child.is_alive}
        deadline = dict.fromkeys(ladders, 0.0)
        while living := [child for child in ladders if child.is_alive]:
            now = time.monotonic()
            for child in living:
                if now >= deadline[child] or self._is_asked > 1:
                    sig, seconds = next(ladders[child], (signal.SIGKILL, 1.0))
                    deadline[child] = now + seconds
                    _send(child, sig)
            self._read(TICK / 2)
        for child in children:
            self._bury(child)

    def _read(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, Child):
                self._take(key.fd, key.data)
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(key.fd, 512)

    def _take(self, reader: int, child: Child) -> bool:
        """Read one piece; false at the end, or when there is nothing for now."""
        try:
            chunk = os.read(reader, 65536)
        except BlockingIOError:
            return False
        if not chunk:
            self._selector.unregister(reader)
            os.close(reader)
            return False
        child.said = [*child.said[-50:], chunk]
        child.log.feed(chunk)
        return True

    def _drain(self, child: Child) -> None:
        for key in [key for key in self._selector.get_map().values() if key.data is child]:
            while self._take(key.fd, child):
                pass
            if key.fd in self._selector.get_map():
                self._selector.unregister(key.fd)
                os.close(key.fd)
        child.log.flush()


def _send(child: Child, sig: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(sig)


def clear_leftovers(mark: str) -> None:
    """End the programs of an earlier supervisor that was killed; the caller holds the installation's lock."""
    left = _marked(mark)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in left:
        process.end(pid, (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))


def _marked(mark: str) -> list[int]:
    wanted = os.fsencode(f"{MARK}={mark}")
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def marked(environment: Mapping[str, str], mark: str) -> dict[str, str]:
    return {**environment, MARK: mark}
