"""Looks for a word in bytes, however it may be written: as text, in hexadecimal, in base64, in UTF-16."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PIECE = 8 * 1024 * 1024
AROUND = 60


@dataclass(frozen=True, slots=True)
class Word:
    """An ASCII word of lower-case letters and digits, and the ways in which it may lie somewhere."""

    text: str

    @property
    def folded(self) -> list[bytes]:
        """Looked for in lower case."""
        plain = self.text.encode()
        wide = [self.text.encode(code) for code in ("utf-16-le", "utf-16-be")]
        return [plain, *wide, plain.hex().encode(), plain[::-1]]

    @property
    def exact(self) -> list[bytes]:
        """Base64 at each of its three alignments, without what the neighbours have a part in."""
        found = []
        for before in range(3):
            code = base64.b64encode(b"\0" * before + self.text.encode()).rstrip(b"=")
            found.append(code[[0, 2, 3][before] : -1])
        return found

    def hits(self, data: bytes) -> Iterator[int]:
        lower = data.lower()
        for form in self.folded:
            if (at := lower.find(form)) >= 0:
                yield at
        for form in self.exact:
            if (at := data.find(form)) >= 0:
                yield at

    def in_stream(self, stream: IO[bytes]) -> str:
        """Where it stands, shown with its neighbours; empty where it does not."""
        tail = b""
        while piece := stream.read(PIECE):
            data = tail + piece
            for at in self.hits(data):
                return repr(data[max(0, at - AROUND) : at + 2 * AROUND])
            tail = data[-4 * len(self.text) :]
        return ""


def files_with(word: Word, folder: Path) -> dict[str, str]:
    """The files below `folder` in which the word stands, in their contents or their names."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if word.text in str(path.relative_to(folder)).lower():
            found[str(path)] = "in its name"
        if not path.is_file():
            continue
        try:
            with path.open("rb") as stream:
                if seen := word.in_stream(stream):
                    found[str(path)] = seen
        except FileNotFoundError:  # a server took it away meanwhile
            continue
    return found


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process holds in memory that it may write to. Raises PermissionError where we may not look."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in lines:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found is None:
                continue
            begin, end = (int(part, 16) for part in found.groups())
            try:
                memory.seek(begin)
                yield memory.read(end - begin)
            except (OSError, OverflowError):
                continue
