"""Where lines and seals come from: the workspace's own tables, or the files of an export."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from audit import sealing
from audit.lines import Line
from audit.models import AuditSeal
from tenants.export.bundle import UNREADABLE, BrokenExport, unreadable
from tenants.export.reading import rows_of

SEALS_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """A log as it was found. Lines are ordered by transaction and id."""

    seals: list[AuditSeal]
    lines: Iterator[Line]
    today: date


def online() -> Evidence:
    """The bound workspace's log."""
    seals = list(AuditSeal.objects.order_by("number"))
    return Evidence(seals, sealing.lines(0, sealing.FOREVER), datetime.now(UTC).date())


def bundled(path: Path) -> Evidence:
    """The log in an export. Raises `BrokenExport`."""
    try:
        with tarfile.open(path, "r:") as tar:
            manifest = json.loads(_member(tar, "manifest.json").read())
            script = f"{manifest['workspace']}.sql.gz"
            with gzip.open(_member(tar, script), "rt", encoding="utf-8", newline="\n") as text:
                tables = rows_of(text, {"audit_log", "audit_seals"})
        exported_at = datetime.fromisoformat(manifest["exported_at"]).date()
    except UNREADABLE as error:
        raise unreadable(error) from error
    lines = sorted((_line(row) for row in tables["audit_log"]), key=lambda line: (line.xid, line.id))
    seals = sorted((seal_from(row) for row in tables["audit_seals"]), key=lambda seal: seal.number)
    return Evidence(seals, iter(lines), exported_at)


def _member(tar: tarfile.TarFile, name: str) -> Any:
    found = tar.extractfile(name)
    if found is None:
        raise BrokenExport(f"{name} is missing.")
    return found


def _line(row: dict[str, str | None]) -> Line:
    return Line(
        id=UUID(str(row["id"])),
        at=datetime.fromisoformat(str(row["at"])),
        event=str(row["event"]),
        actor_id=UUID(row["actor_id"]) if row["actor_id"] else None,
        about_id=UUID(row["about_id"]) if row["about_id"] else None,
        details=json.loads(str(row["details"])),
        xid=int(str(row["xid"])),
    )


def seal_from(row: dict[str, Any]) -> AuditSeal:
    """A seal from its values as text, as an export and the file of seals hold them."""
    moments = ("first_at", "last_at", "sealed_at")
    values: dict[str, Any] = {
        name: int(row[name]) for name in ("number", "epoch", "xid_from", "xid_until", "rows")
    }
    values |= {
        name: bytes.fromhex(row[name].removeprefix("\\x")) for name in ("rows_hash", "previous", "hash")
    }
    values |= {name: datetime.fromisoformat(row[name]) if row[name] else None for name in moments}
    values["month"] = date.fromisoformat(row["month"]) if row["month"] else None
    return AuditSeal(**values)


def told(seals: list[AuditSeal], workspace: UUID) -> dict[str, Any]:
    """The seals as data that anyone may hold: numbers, times and hashes."""
    return {
        "format": SEALS_FORMAT,
        "workspace_id": str(workspace),
        "seals": [_told(seal) for seal in seals],
    }


def _told(seal: AuditSeal) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "number": seal.number,
        "epoch": seal.epoch,
        "month": seal.month.isoformat() if seal.month else None,
        "xid_from": seal.xid_from,
        "xid_until": seal.xid_until,
        "rows": seal.rows,
        "first_at": moment(seal.first_at),
        "last_at": moment(seal.last_at),
        "rows_hash": bytes(seal.rows_hash).hex(),
        "previous": bytes(seal.previous).hex(),
        "hash": bytes(seal.hash).hex(),
        "sealed_at": moment(seal.sealed_at),
    }


def hashes(path: Path) -> dict[int, bytes]:
    """The hashes in a file of seals, by number. Raises `BrokenExport`."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {int(seal["number"]): bytes.fromhex(seal["hash"]) for seal in held["seals"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenExport(f"This is not a file of seals: {error}.") from error
