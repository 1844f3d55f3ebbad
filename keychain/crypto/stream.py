"""A sealed file: bytes in chunks under a key of the file's own, written and read in one pass.

    8 bytes   magic
    4         length of the head, big-endian
    n         head: JSON in clear, which says who can open the key
    then, for each chunk: 4 bytes length, AES-256-GCM of at most 1 MiB, 16 bytes tag

The nonce is the chunk's number in 11 bytes and one byte that is 1 in the last chunk (the STREAM construction:
Hoang, Reyhanitabar, Rogaway, Vizar, 2015). So a chunk that is moved, left out or repeated does not open, and
a file without its end is refused. The additional data is the SHA-256 of the head. A key seals one file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keychain.crypto.mac import Key
from keychain.crypto.secret import Secret

MAGIC: Final = b"PAITHO\x00\x01"
CHUNK: Final = 1024 * 1024
LONGEST_HEAD: Final = 64 * 1024


class StreamBroken(Exception):
    """The file is not ours, was changed, or ends too early; `str()` may be shown."""


def key_bytes(key: Key) -> bytes:
    return key.reveal_bytes() if isinstance(key, Secret) else bytes(key)


class Writer:
    """Seals what is written to it. `finish` writes the end; without it the file does not open."""

    def __init__(self, out: BinaryIO, key: Key, head: dict[str, Any]) -> None:
        text = json.dumps(head, sort_keys=True).encode()
        self._out, self._aead, self._bound = out, AESGCM(key_bytes(key)), hashlib.sha256(text).digest()
        self._waiting, self._number = bytearray(), 0
        self.size = 0
        self._put(MAGIC + len(text).to_bytes(4, "big") + text)

    def write(self, data: bytes | memoryview) -> int:
        self._waiting += data
        # The last chunk is the one that `finish` writes, so one byte at least is kept back.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        nonce = self._number.to_bytes(11, "big") + bytes([is_last])
        self._number += 1
        sealed = self._aead.encrypt(nonce, chunk, self._bound)
        self._put(len(sealed).to_bytes(4, "big") + sealed)

    def _put(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)


def read_head(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The head, and its digest, which the chunks are bound to. Raises `StreamBroken`."""
    start = _exactly(source, len(MAGIC) + 4)
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if start[: len(MAGIC)] != MAGIC or length > LONGEST_HEAD:
        raise StreamBroken("This is not a sealed file of Paitho.")
    text = _exactly(source, length)
    try:
        head: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise StreamBroken("The file's head cannot be read.") from error
    return head, hashlib.sha256(text).digest()


def chunks(source: BinaryIO, key: Key, bound: bytes) -> Iterator[bytes]:
    """The opened chunks that follow the head. Raises `StreamBroken`, at the latest at the end."""
    aead, number, is_last = AESGCM(key_bytes(key)), 0, False
    del key
    while not is_last:
        length = int.from_bytes(_exactly(source, 4), "big")
        if not 16 <= length <= CHUNK + 16:
            raise StreamBroken("The file was changed.")
        sealed = _exactly(source, length)
        chunk, is_last = _opened(aead, number, sealed, bound)
        number += 1
        yield chunk
    if source.read(1):
        raise StreamBroken("Something follows the file's end.")


def _opened(aead: AESGCM, number: int, sealed: bytes, bound: bytes) -> tuple[bytes, bool]:
    for is_last in (False, True):
        try:
            return aead.decrypt(number.to_bytes(11, "big") + bytes([is_last]), sealed, bound), is_last
        except InvalidTag:
            continue
    raise StreamBroken("The file was changed, or it was sealed under another key.")


def _exactly(source: BinaryIO, wanted: int) -> bytes:
    found = bytearray()
    while len(found) < wanted:
        piece = source.read(wanted - len(found))
        if not piece:
            raise StreamBroken("The file ends too early.")
        found += piece
    return bytes(found)


class Reader:
    """What a sealed file holds, as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            whole = bytes(self._rest) + b"".join(self._pieces)
            self._rest = memoryview(b"")
            return whole
        found = bytearray()
        while len(found) < size:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
                continue
            taken = self._rest[: size - len(found)]
            self._rest = self._rest[len(taken) :]
            found += taken
        return bytes(found)
