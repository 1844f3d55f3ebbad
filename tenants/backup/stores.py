"""Where sealed files are kept: a directory, or a bucket of S3. The one edge to either.

A place is written as a path, or as `s3://bucket/prefix[?endpoint=http://…]`. A file appears under its name
when it is whole, or not at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import parse_qs, urlsplit

from tenants.backup.errors import StoreError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024  # S3 takes parts of 5 MiB and more, 10,000 of them: files of up to 80 GB


class Store(Protocol):
    """Keeps files by name (`a/b`). Every method raises `StoreError`, nothing else."""

    @property
    def name(self) -> str:
        """The place as a person may read it; it holds no secret."""

    def writing(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """A file to write; it is there when the block ends, and not at all when the block raises."""

    def reading(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]: ...
    def delete(self, name: str) -> None:
        """Also when it is gone already."""

    def names(self, prefix: str = "") -> list[str]: ...
    def sweep(self, age: timedelta = ...) -> int: ...


class Directory:
    """Files under one directory, readable for our account only."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def name(self) -> str:
        return str(self._root)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        path = self._path(name)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(scratch, "xb", opener=_private) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
            _sync(path.parent)
        except OSError as error:
            raise StoreError(f"{self.name}: {error.strerror or 'cannot be written'}.") from error
        finally:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        try:
            file = self._path(name).open("rb")
        except OSError as error:
            raise StoreError(f"{name} is not in {self.name}.") from error
        with file:
            yield file

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{self.name}: {error.strerror}.") from error

    def names(self, prefix: str = "") -> list[str]:
        found = (path.relative_to(self._root) for path in self._root.rglob("*") if path.is_file())
        shown = (path.as_posix() for path in found if not path.name.startswith("."))
        return sorted(name for name in shown if name.startswith(prefix))

    def sweep(self, age: timedelta = timedelta()) -> int:
        """Delete what writers that were killed have left; returns how many.

        What is younger than `age` may still be written to.
        """
        until = (datetime.now(UTC) - age).timestamp()
        left = [path for path in self._root.rglob(".*.part") if path.stat().st_mtime <= until]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _path(self, name: str) -> Path:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise StoreError("A file's name stays inside its directory.")
        return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """Objects under a prefix of a bucket. An upload that is not completed is no object."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket, self._prefix, self._endpoint = bucket, prefix.strip("/"), endpoint

    @property
    def name(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        with self._in_words():
            upload = _Upload(_client(self._endpoint), self._bucket, self._key(name))
        try:
            with self._in_words():
                yield cast("BinaryIO", upload)
                upload.complete()
        except BaseException:
            with contextlib.suppress(StoreError), self._in_words():
                upload.abort()
            raise

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        with self._in_words():
            found = _client(self._endpoint).get_object(Bucket=self._bucket, Key=self._key(name))
        with contextlib.closing(found["Body"]) as body, self._in_words():
            yield cast("BinaryIO", body)

    def delete(self, name: str) -> None:
        with self._in_words():
            _client(self._endpoint).delete_object(Bucket=self._bucket, Key=self._key(name))

    def names(self, prefix: str = "") -> list[str]:
        found: list[str] = []
        with self._in_words():
            pages = _client(self._endpoint).get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key(prefix)):
                found += [item["Key"] for item in page.get("Contents", [])]
        cut = len(self._key(""))
        return sorted(key[cut:] for key in found)

    def sweep(self, age: timedelta = timedelta()) -> int:
        """Abort uploads that were never completed; returns how many."""
        until = datetime.now(UTC) - age
        with self._in_words():
            client = _client(self._endpoint)
            found = client.list_multipart_uploads(Bucket=self._bucket, Prefix=self._key("")).get(
                "Uploads", []
            )
            left = [one for one in found if one["Initiated"] <= until]
            for one in left:
                client.abort_multipart_upload(Bucket=self._bucket, Key=one["Key"], UploadId=one["UploadId"])
        return len(left)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise StoreError(f"{self.name} answered {code}.") from error
        except BotoCoreError as error:
            raise StoreError(f"{self.name} cannot be reached.") from error


class _Upload:
    """A multipart upload, written to like a file."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client, self._at = client, (bucket, key)
        made = client.create_multipart_upload(Bucket=bucket, Key=key, ServerSideEncryption="AES256")
        self._id = made["UploadId"]
        self._waiting, self._parts = bytearray(), list["CompletedPartTypeDef"]()

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) >= PART:
            self._send(bytes(self._waiting[:PART]))
            del self._waiting[:PART]
        return len(data)

    def complete(self) -> None:
        self._send(bytes(self._waiting))
        bucket, key = self._at
        self._client.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        bucket, key = self._at
        self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=self._id)

    def _send(self, data: bytes) -> None:
        bucket, key = self._at
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=bucket, Key=key, UploadId=self._id, PartNumber=number, Body=data
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})


@lru_cache(maxsize=8)
def _client(endpoint: str | None) -> S3Client:
    import boto3  # heavy; only those who keep files in a bucket load it
    from botocore.config import Config

    config = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 5, "mode": "standard"})
    return boto3.client("s3", endpoint_url=endpoint, config=config)


def store_at(place: str) -> Store:
    """The store that `place` names. Raises `StoreError` for what is no place."""
    url = urlsplit(place)
    if url.scheme == "s3":
        if not url.netloc:
            raise StoreError("A bucket is written s3://bucket/prefix.")
        endpoint = parse_qs(url.query).get("endpoint", [None])[0]
        return Bucket(url.netloc, url.path, endpoint)
    if url.scheme not in {"", "file"} or not place:
        raise StoreError(f"{place or 'Nothing'} is neither a directory nor s3://bucket/prefix.")
    return Directory(Path(url.path if url.scheme else place))
