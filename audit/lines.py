"""One line of the log, as it is hashed: the same from a row, from the database, and from an export's file.

    digest = SHA-256 of id, time, event, actor, subject and the opened details, each after its length

A line's digest is stored beside it in the clear, so that sealing opens nothing and needs no key. It tells
nothing of the line: `details` holds a salt that is sealed with the rest.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from secrets import token_hex
from typing import Any, NamedTuple
from uuid import UUID

LABEL = b"paitho audit line 1"
_AS_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """What a line says, opened, and the transaction that wrote it."""

    id: UUID
    at: datetime
    event: str
    actor_id: UUID | None
    about_id: UUID | None
    details: Any
    xid: int

    @property
    def month(self) -> date:
        return self.at.astimezone(UTC).date().replace(day=1)

    def digest(self) -> bytes:
        return digest(self.id, self.at, self.event, self.actor_id, self.about_id, self.details)


def digest(
    uid: UUID, at: datetime, event: str, actor: UUID | None, about: UUID | None, details: Any
) -> bytes:
    parts = (
        LABEL,
        uid.bytes,
        at.astimezone(UTC).isoformat(timespec="microseconds").encode(),
        event.encode(),
        actor.bytes if actor else b"",
        about.bytes if about else b"",
        canonical(details),
    )
    sized = [each for part in parts for each in (len(part).to_bytes(4, "big"), part)]
    return hashlib.sha256(b"".join(sized)).digest()


def details_of(actor: str, *, ip: str = "", about: str = "", data: dict[str, Any]) -> dict[str, Any]:
    """What is sealed of a line: who, from where, what it is about, what else, and the salt."""
    return {"actor": actor, "ip": ip, "about": about, "data": data, "salt": token_hex(16)}


def canonical(details: Any) -> bytes:
    """One way to write a JSON value; zero characters are left out, because PostgreSQL's text holds none."""
    return _AS_CANONICAL(details).replace("\\u0000", "").encode()
