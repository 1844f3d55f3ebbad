"""A large upload on its way: on disk as ciphertext only, and read as what it was."""

from __future__ import annotations

import io
import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from hypothesis import given
from hypothesis import strategies as st

from keychain import uploads
from keychain.uploads import SealedFile
from leads.models import Import
from tenants.binding import bound
from tests.world import client_of, olga


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(0, 400), st.integers(0, 400))
def test_what_was_written_is_read_from_anywhere(pieces, at, count):
    file = SealedFile()
    for piece in pieces:
        file.append(piece)
    text, reader = b"".join(pieces), io.BufferedReader(file, buffer_size=16)

    assert reader.read() == text
    reader.seek(at)
    assert reader.read(count) == text[at : at + count]


def test_nothing_of_an_upload_is_on_disk_in_clear(world, monkeypatch, tmp_path):
    """Guards the handler: with Django's own the canary is in the temporary file."""
    written: list[bytes] = []

    class Watched(SealedFile):
        def close(self) -> None:
            if not self._file.closed:
                self._file.seek(0)
                written.append(self._file.read())
            super().close()

    monkeypatch.setattr(uploads, "SealedFile", Watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = b"".join(b"canary%d@looms.test,canaryname\n" % number for number in range(90_000))
    browser = client_of(world.acme, olga(world))

    answer = browser.post(
        "/leads/imports/new/", {"file": SimpleUploadedFile("large.csv", b"email,name\n" + rows)}
    )

    assert answer.status_code == 302
    with bound(world.acme):
        assert Import.objects.get().size == len(rows) + len(b"email,name\n")
    assert len(written) == 1
    assert len(written[0]) > len(rows) > MemoryFileUploadHandler.chunk_size
    assert b"canary" not in written[0]
    assert not list(tmp_path.iterdir())


def test_of_a_file_beyond_every_limit_only_the_size_is_kept(world, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_KEPT", 1024 * 1024)
    monkeypatch.setattr("leads.forms.MAX_BYTES", 2 * 1024 * 1024)
    browser = client_of(world.acme, olga(world))
    data = b"email\n" + b"a@looms.test\n" * 400_000

    answer = browser.post("/leads/imports/new/", {"file": SimpleUploadedFile("huge.csv", data)})

    assert answer.status_code == 422
    assert "The file is larger than 200 MB." in answer.content.decode()
    with bound(world.acme):
        assert not Import.objects.exists()


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_small_and_a_large_file_arrive_alike(world, size):
    browser = client_of(world.acme, olga(world))
    data = b"email,note\n" + b"ann@looms.test," + b"x\n" + b"bob@looms.test,y\n" * (size // 17)

    assert browser.post("/leads/imports/new/", {"file": SimpleUploadedFile("a.csv", data)}).status_code == 302
    with bound(world.acme):
        assert Import.objects.get().size == len(data)
