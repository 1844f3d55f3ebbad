"""Packs and checks the bundle: `<slug>.sql.gz`, `csv/*.csv` and a manifest with counts and SHA-256."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.db import connections, transaction
from django.utils import timezone

from tenants.binding import bound
from tenants.export import files
from tenants.export.files import Progress
from tenants.export.spool import Member, Spool
from tenants.export.tables import LEFT_OUT, SECRETS, tables
from tenants.workspace import WorkspaceRef

FORMAT = 1
PIECE = 1024 * 1024
UNREADABLE = (tarfile.TarError, OSError, EOFError, ValueError, KeyError)


class BrokenExport(Exception):
    """The file is not a whole export; `str()` says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the bundle is, and the rows of each table in it."""

    path: Path
    rows: dict[str, int]


def in_silence(_table: str, _rows: int) -> None:
    """Tell nobody."""


def export(
    workspace: WorkspaceRef, out: Path, *, with_secrets: bool = False, told: Progress = in_silence
) -> Exported:
    """Write the bundle into the folder `out` from one snapshot; nothing half-made is left there."""
    stamp = timezone.now().strftime("%Y%m%dT%H%M%SZ")
    with Spool(out) as spool:
        path = out / f"{workspace.slug}-{stamp}.tar"
        scratch = out / f".{path.name}.{os.getpid()}.part"
        try:
            with open(scratch, "xb", opener=_private) as file:
                rows = write_bundle(workspace, file, spool, with_secrets=with_secrets, told=told)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    return Exported(path, rows)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def write_bundle(
    workspace: WorkspaceRef,
    out: BinaryIO,
    spool: Spool,
    *,
    with_secrets: bool = False,
    told: Progress = in_silence,
) -> dict[str, int]:
    """The bundle into `out`, which is only written to; returns the rows of each table."""
    with bound(workspace), transaction.atomic():
        with connections["default"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = files.write(workspace.slug, tables(with_secrets=with_secrets), spool.writing, told)
    members = sorted(spool.members, key=lambda member: member.name)
    manifest = _manifest(workspace, members, rows, with_secrets=with_secrets)
    with tarfile.open(fileobj=out, mode="w|", bufsize=PIECE) as tar:
        tar.addfile(_entry("manifest.json", len(manifest)), io.BytesIO(manifest))
        for member in members:
            with spool.reading(member) as source:
                tar.addfile(_entry(member.name, member.size), source)
    return rows


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(timezone.now().timestamp())
    return entry


def _manifest(
    workspace: WorkspaceRef, members: list[Member], rows: dict[str, int], *, with_secrets: bool
) -> bytes:
    manifest = {
        "format": FORMAT,
        "workspace": workspace.slug,
        "workspace_id": str(workspace.id),
        "schema_version": workspace.schema_version,
        "exported_at": timezone.now().isoformat(),
        "rows": rows,
        "left_out": LEFT_OUT if with_secrets else LEFT_OUT | SECRETS,
        "sha256": {member.name: member.sha256 for member in members},
    }
    return json.dumps(manifest, indent=2, sort_keys=True).encode()


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    with stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def verify(path: Path) -> dict[str, int]:
    """Check every file's SHA-256 and every table's rows; returns the rows. Raises `BrokenExport`."""
    try:
        with tarfile.open(path, "r:") as tar:
            return _verified(tar)
    except UNREADABLE as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> BrokenExport:
    """What is said of a file that could not be read as an export."""
    if isinstance(error, tarfile.ReadError):
        return BrokenExport("This is not an export, or not a whole one: it cannot be read as a tar file.")
    return BrokenExport(f"This is not a whole export: {error}.")


def _verified(tar: tarfile.TarFile) -> dict[str, int]:
    manifest = json.loads(_member(tar, "manifest.json").read())
    if manifest["format"] != FORMAT:
        raise BrokenExport(f"This export has the format {manifest['format']}, which is not known here.")
    present = {member.name for member in tar.getmembers() if member.isfile()} - {"manifest.json"}
    if present != set(manifest["sha256"]):
        wrong = ", ".join(sorted(present ^ set(manifest["sha256"])))
        raise BrokenExport(f"Files are missing or were added: {wrong}.")
    for name, expected in manifest["sha256"].items():
        if _sha256(_member(tar, name)) != expected:
            raise BrokenExport(f"{name} was changed after the export.")
    counted = _counted(_member(tar, f"{manifest['workspace']}.sql.gz"))
    if counted != manifest["rows"]:
        raise BrokenExport("The rows in the script are not those that the manifest counts.")
    rows: dict[str, int] = manifest["rows"]
    return rows


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise BrokenExport(f"{name} is missing.")
    return found


def _counted(script: IO[bytes]) -> dict[str, int]:
    """The rows of each COPY block of the script."""
    counts: dict[str, Any] = {}
    table: str | None = None
    with gzip.open(script, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if table is None and line.startswith('COPY "'):
                table = line.split('"')[1]
                counts[table] = 0
            elif line == "\\.\n":
                table = None
            elif table is not None:
                counts[table] += 1
    return counts
