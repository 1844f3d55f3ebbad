"""Files that are written before their size is known: sealed under a key that only this process ever holds.

A spool that a killed process leaves is noise. What is swept away is only ever that.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from keychain.crypto.stream import Reader, Writer, chunks, read_head

PREFIX = ".export-"
LOCK = "lock"


@dataclass(slots=True)
class Member:
    """A file of the bundle: its size and SHA-256 once it is written."""

    name: str
    path: Path
    key: bytes
    size: int = 0
    sha256: str = ""


class _Measured:
    def __init__(self, out: Writer) -> None:
        self._out, self.digest, self.size = out, hashlib.sha256(), 0

    def write(self, data: bytes, /) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._out.write(data)


class Spool:
    """A folder beside the export, for one process."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._folder = parent / f"{PREFIX}{os.urandom(8).hex()}"
        self._lock = -1
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(self._parent)
        made = self._folder.with_name(self._folder.name.replace(PREFIX, ".made-", 1))
        made.mkdir(mode=0o700)
        self._lock = os.open(made / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        made.rename(self._folder)  # only a locked one bears the name that is swept
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[_Measured]:
        member = Member(name, self._folder / str(len(self.members)), os.urandom(32))
        with member.path.open("xb") as file:
            writer = Writer(file, member.key, {})
            measured = _Measured(writer)
            self.members.append(member)
            yield measured
            writer.finish()
        member.size, member.sha256 = measured.size, measured.digest.hexdigest()

    @contextlib.contextmanager
    def reading(self, member: Member) -> Iterator[IO[bytes]]:
        with member.path.open("rb") as file:
            _, bound = read_head(file)
            yield cast("IO[bytes]", Reader(chunks(file, member.key, bound)))


def sweep(parent: Path) -> None:
    """Take away the spools whose process is gone: its lock went with it."""
    for left in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(left / LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
