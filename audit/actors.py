"""Who did it: a member at an address, a recipient, an operator, or Paitho itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, as the audit log names them; `ip` is empty for what no request began."""

    id: UUID | None
    name: str
    ip: str = ""


SYSTEM = Actor(None, "Paitho")
