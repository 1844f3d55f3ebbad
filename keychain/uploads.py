"""Uploaded files that are too large for memory: on disk as ciphertext, under a key that only memory holds.

Django would write them to a temporary file as they are. Here every piece is AES-256-GCM under a key of the
file's own, which is gone with the object: what a crash leaves behind opens for nobody.
"""

from __future__ import annotations

import io
import tempfile
from bisect import bisect_right
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_KEPT = 256 * 1024 * 1024  # bytes of one file; of a longer one the size is known and nothing more


class SealedFile(io.RawIOBase):
    """A file that is written once, piece by piece, and then read from anywhere."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._starts: list[int] = []  # of each piece, in the text
        self._places: list[tuple[int, int]] = []  # and in the file, with its length there
        self._size = self._at = 0
        self._open: tuple[int, bytes] = (-1, b"")

    def append(self, data: bytes) -> None:
        sealed = self._cipher.encrypt(self._nonce(len(self._starts)), data, None)
        place = self._file.seek(0, io.SEEK_END)
        self._file.write(sealed)
        self._starts.append(self._size)
        self._places.append((place, len(sealed)))
        self._size += len(data)

    @staticmethod
    def _nonce(number: int) -> bytes:
        return number.to_bytes(12, "big")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        piece = self._piece(number)[self._at - self._starts[number] :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _piece(self, number: int) -> bytes:
        if self._open[0] != number:
            place, length = self._places[number]
            self._file.seek(place)
            sealed = self._file.read(length)
            self._open = (number, self._cipher.decrypt(self._nonce(number), sealed, None))
        return self._open[1]

    def close(self) -> None:
        if not self.closed:
            self._file.close()
            self._open = (-1, b"")
        super().close()


class SealedUploadHandler(FileUploadHandler):
    """Takes what the handlers before it (a small file is kept in memory) have not taken."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.sealed = SealedFile()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < MOST_KEPT:
            self.sealed.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        file = io.BufferedReader(self.sealed, buffer_size=256 * 1024)
        return UploadedFile(
            file, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "sealed"):
            self.sealed.close()
