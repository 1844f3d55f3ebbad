"""An uploaded file, kept sealed in the workspace's own schema while its import has to read it."""

from __future__ import annotations

import io
from typing import BinaryIO

from leads.models import Import, ImportPart

PART = 1024 * 1024  # bytes of the file in one sealed row


def keep(job: Import, source: BinaryIO) -> int:
    """Seal the file part by part; returns its size in bytes."""
    size = 0
    for number, data in enumerate(iter(lambda: source.read(PART), b"")):
        ImportPart(job=job, number=number, data=data).save(force_insert=True)
        size += len(data)
    return size


class KeptFile(io.RawIOBase):
    """The sealed file as a seekable stream; one part is open in memory at a time."""

    def __init__(self, job: Import) -> None:
        self._job = job
        self._place = 0
        self._number = -1
        self._data = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._job.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self._place, PART)
        if number != self._number:
            part = ImportPart.objects.filter(job=self._job, number=number).first()
            self._number, self._data = number, part.data if part else b""
        piece = self._data[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)


def kept_file(job: Import) -> BinaryIO:
    return io.BufferedReader(KeptFile(job), buffer_size=256 * 1024)
