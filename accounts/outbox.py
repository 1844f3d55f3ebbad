"""Paitho's own mail as the sandbox's server kept it: `<SANDBOX_DIR>/outbox/<address>/<n>.eml`."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One kept message."""

    box: str
    name: str
    to: str
    at: datetime
    subject: str
    text: str


def letters() -> list[Letter]:
    """The newest kept messages, newest first."""
    files = sorted(root().glob("*/*.eml"), key=lambda file: file.name, reverse=True)
    return [_read(file) for file in files[:MOST_SHOWN]]


def letter(box: str, name: str) -> Letter | None:
    """One kept message; None when there is none, or the names point elsewhere."""
    known = {(file.parent.name, file.name): file for file in root().glob("*/*.eml")}
    file = known.get((box, name))
    return _read(file) if file else None


def root() -> Path:
    return Path(settings.SANDBOX_DIR) / "outbox"


def _read(file: Path) -> Letter:
    parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = parsed.get_body(("plain",))
    return Letter(
        box=file.parent.name,
        name=file.name,
        to=unquote(file.parent.name),
        at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        subject=str(parsed["Subject"] or ""),
        text=str(body.get_content()) if body else "",
    )
