"""A workspace as the rest of the code holds it: an immutable name for one schema, role and login."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

SLUG = re.compile(r"[a-z][a-z0-9-]{2,30}")
RESERVED_WORDS = """
    admin administrator api app apex assets auth billing blog cdn changelog console dashboard demo-mail dns
    docs eu ftp help host imap internal localhost login mail manifesto mx ops operator operators owner
    paitho pop postgres postmaster public reference root security smtp staging static status support
    system template test trust us www
"""
RESERVED = frozenset(RESERVED_WORDS.split())


class BadSlug(ValueError):
    """The slug cannot name a workspace; `str()` says why."""


def check_slug(slug: str) -> str:
    """Return `slug` if it can name a workspace (`[a-z][a-z0-9-]{2,30}`, not reserved), else raise BadSlug."""
    if not SLUG.fullmatch(slug):
        raise BadSlug("Use 3 to 31 lower-case letters, digits or hyphens, beginning with a letter.")
    if slug.endswith("-") or "--" in slug:
        raise BadSlug("A hyphen stands between two letters or digits.")
    if slug in RESERVED or slug.startswith("paitho"):
        raise BadSlug("That address is reserved. Choose another one.")
    return slug


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """What the directory says of a workspace; `state` is one of `tenants.models.State`."""

    id: UUID
    slug: str
    region: str
    state: str
    schema_version: int
    plan: str = ""

    @property
    def stem(self) -> str:
        return f"tenant_{self.slug.replace('-', '_')}"

    @property
    def schema(self) -> str:
        return self.stem

    @property
    def app_role(self) -> str:
        return f"{self.stem}_app"

    @property
    def login_role(self) -> str:
        return f"{self.stem}_login"
