"""What the servers say: each line to the terminal under its speaker's name, and to a file that is rotated."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TextIO

LARGEST = 5_000_000  # bytes of one log file
KEPT = 3
LONGEST = 64_000  # bytes of a line without an end, after which it is written as it is
COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


class Log:
    """One server's lines, as bytes come in."""

    def __init__(self, name: str, folder: Path, terminal: Terminal | None) -> None:
        """Without a terminal the lines go to the file alone."""
        self.path = folder / f"{name}.log"
        self._name = name
        self._terminal = terminal
        self._pending = b""
        self._file = self.path.open("ab")

    def feed(self, chunk: bytes) -> None:
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        if len(self._pending) > LONGEST:
            lines, self._pending = [*lines, self._pending], b""
        for line in lines:
            self._write(line)

    def flush(self) -> None:
        if self._pending:
            self._write(self._pending)
            self._pending = b""

    def close(self) -> None:
        self.flush()
        self._file.close()

    def _write(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        if self._file.tell() > LARGEST:
            self._rotate()
        if self._terminal is not None:
            self._terminal.line(self._name, line.decode(errors="replace").rstrip())

    def _rotate(self) -> None:
        self._file.close()
        for age in range(KEPT - 1, 0, -1):
            older = self.path.with_suffix(f".log.{age}")
            newer = self.path.with_suffix(f".log.{age - 1}") if age > 1 else self.path
            if newer.exists():
                newer.replace(older)
        self._file = self.path.open("ab")


class Terminal:
    """The person's terminal. A closed one is no reason to stop serving."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colourful = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._colour_of: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """A server's line."""
        colour = self._colour_of.setdefault(name, COLOURS[len(self._colour_of) % len(COLOURS)])
        prefix = f"{name:<10} | "
        self._put(f"\x1b[{colour}m{prefix}\x1b[0m{text}" if self._colourful else prefix + text)

    def say(self, text: str) -> None:
        """The supervisor's own words."""
        self._put(f"\x1b[1m{text}\x1b[0m" if self._colourful else text)

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()
