"""What is inside a sealed backup: the structure's two scripts, the data, and the counted end.

kind (1 byte), length (4 bytes, big-endian), payload
P  the script to run before the data    Q  the script to run after it
D  a piece of the data: `pg_dump --section=data`, deflated as one stream
E  JSON {rows: {table: count}}: the file is whole
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Protocol

from keychain.crypto.stream import StreamBroken
from tenants.backup.errors import NotWhole

BEFORE, AFTER, DATA, END = b"P", b"Q", b"D", b"E"
PIECE = 1024 * 1024
LONGEST = 64 * 1024 * 1024


class Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def put(sink: Sink, kind: bytes, payload: bytes) -> None:
    sink.write(kind + len(payload).to_bytes(4, "big") + payload)


def take(source: Source) -> tuple[bytes, bytes]:
    """The next frame: its kind and its payload. Raises `NotWhole`."""
    try:
        head = source.read(5)
        length = int.from_bytes(head[1:], "big")
        payload = source.read(length) if len(head) == 5 and length <= LONGEST else b""
    except StreamBroken as error:
        raise NotWhole(str(error)) from error
    if len(head) < 5 or len(payload) < length:
        raise NotWhole("The backup ends too early.")
    return head[:1], payload


class Deflater:
    """Data pieces on their way into the stream. Sealed values do not repeat: their hexadecimal is coded."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)

    def write(self, data: bytes) -> None:
        if piece := self._deflate.compress(data):
            put(self._sink, DATA, piece)

    def finish(self) -> None:
        put(self._sink, DATA, self._deflate.flush())


def inflated(source: Source) -> Iterator[bytes | dict[str, int]]:
    """The data's pieces, and as the last thing the counted rows. Raises `NotWhole`."""
    inflate = zlib.decompressobj()
    while True:
        kind, payload = take(source)
        if kind == END:
            if not inflate.eof:
                raise NotWhole("The backup's data end too early.")
            yield {str(table): int(rows) for table, rows in json.loads(payload)["rows"].items()}
            return
        if kind != DATA:
            raise NotWhole("The backup is not in order.")
        while payload:
            yield inflate.decompress(payload, PIECE)
            payload = inflate.unconsumed_tail
