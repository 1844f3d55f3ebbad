"""One pass over an uploaded file: is it text, is it of a size, and in which encoding."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from leads.blocks import cut, decoded
from leads.encodings import BROKEN_UTF8, ENOUGH, Guess, guess, marked, unmarked_utf16
from leads.filekinds import refusal
from leads.sheet import MAX_BYTES, CsvRefused

HEAD = 256 * 1024
CHUNK = 1024 * 1024
EVIDENCE_LINE = 2048

EMPTY = "This file is empty."
TOO_LARGE = "This file is larger than 200 MB. Split it and import the parts one after the other."
NUL = (
    "This file holds NUL bytes (the first one in line {line}), so it is damaged or not text. "
    "Save it again as CSV UTF-8."
)


@dataclass(frozen=True)
class Survey:
    """What the pass found. `head` is the beginning of the file, less its mark, in whole lines."""

    guess: Guess
    mark: int
    head: bytes
    breaks: int
    is_whole: bool

    @property
    def text(self) -> str:
        return decoded(self.head, self.guess.codec)


def survey(stream: BinaryIO) -> Survey:
    """Reads the stream from where it stands to its end. Raises CsvRefused."""
    head = _head(stream)
    if not head.strip():
        raise CsvRefused(EMPTY)
    if sentence := refusal(head):
        raise CsvRefused(sentence)
    codec, mark = marked(head) or (unmarked_utf16(head[:8192]), 0)
    tally = _Wide(codec) if codec and codec != "utf-8" else _Narrow()
    for chunk in _limited(stream, head):
        tally.add(chunk if tally.size else chunk[mark:])
    is_whole = tally.size + mark == len(head)
    found = tally.found(is_marked=codec is not None)
    lines, _ = cut(head[mark:], found.codec, ended=is_whole)
    return Survey(found, mark, lines, max(tally.feeds, tally.returns), is_whole)


def _head(stream: BinaryIO) -> bytes:
    """The first bytes, also of a stream that gives fewer at a time than it was asked for."""
    head = b""
    while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
        head += more
    return head


def _limited(stream: BinaryIO, head: bytes) -> Iterator[bytes]:
    size = 0
    for chunk in chain([head], iter(lambda: stream.read(CHUNK), b"")):
        size += len(chunk)
        if size > MAX_BYTES:
            raise CsvRefused(TOO_LARGE)
        yield chunk


class _Narrow:
    """Bytes in an encoding that has ASCII in it."""

    def __init__(self) -> None:
        self.size = self.feeds = self.returns = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._evidence = b""

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._count(chunk)
        if chunk.isascii() and not self._utf8.getstate()[0]:
            return
        if len(self._evidence) < ENOUGH:
            odd = (line[:EVIDENCE_LINE] for line in self._whole_lines(chunk) if not line.isascii())
            self._evidence = (self._evidence + b"".join(odd))[:ENOUGH]
        if self._is_utf8:
            self._is_utf8 = self._decodes(chunk)

    def found(self, *, is_marked: bool) -> Guess:
        is_utf8 = self._is_utf8 and self._decodes(b"", final=True)
        if is_marked:
            return Guess("utf-8") if is_utf8 else Guess("utf-8", damaged=True, warning=BROKEN_UTF8)
        return guess(self._evidence, is_utf8=is_utf8)

    def _whole_lines(self, chunk: bytes) -> list[bytes]:
        """The chunk's lines, less those that begin before it or end after it."""
        lines = chunk.splitlines(keepends=True)
        first = 0 if self.size == len(chunk) else 1
        last = -1 if len(chunk) >= HEAD - 3 and len(lines) > 1 else None
        return lines[first:last]

    def _count(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            before = chunk[: chunk.index(b"\0")]
            breaks = max(self.feeds + before.count(b"\n"), self.returns + before.count(b"\r"))
            raise CsvRefused(NUL.format(line=breaks + 1))
        self.feeds += chunk.count(b"\n")
        self.returns += chunk.count(b"\r")

    def _decodes(self, chunk: bytes, *, final: bool = False) -> bool:
        try:
            self._utf8.decode(chunk, final)
        except UnicodeDecodeError:
            return False
        return True


class _Wide(_Narrow):
    """UTF-16: counted as the UTF-8 that it would be."""

    def __init__(self, codec: str) -> None:
        super().__init__()
        self._codec = codec
        self._wide = codecs.getincrementaldecoder(codec)("surrogatepass")

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._count(self._wide.decode(chunk).encode("utf-8", "surrogatepass"))

    def found(self, *, is_marked: bool) -> Guess:
        return Guess(self._codec)
