"""What a check is: a sentence of the trust page, and a function that looks at the live system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psycopg
from django.db import connections

from tenants.binding import bound
from tenants.workspace import WorkspaceRef
from trust.posture.site import Site

SAMPLE = 25  # workspaces whose rows are looked into in one run; their structure is always looked at in all


class Outcome(StrEnum):
    PROVED = "proved"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw. `saw` is for everybody; `problems` may name workspaces and are for operators."""

    saw: str
    problems: tuple[str, ...] = ()
    is_waiting: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.problems:
            return Outcome.FAILED
        return Outcome.WAITING if self.is_waiting else Outcome.PROVED


@dataclass(frozen=True, slots=True)
class Cell:
    """The live system as the checks see it: a session of the owner's, the workspaces, the web site."""

    owner: psycopg.Connection[Any]
    workspaces: tuple[WorkspaceRef, ...]
    sample: tuple[WorkspaceRef, ...]
    site: Site

    def ask(self, query: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Rows by the owner's session: catalogs and schema `public`; of a workspace it sees no row."""
        return self.owner.execute(query, params).fetchall()

    @property
    def schemas(self) -> list[str]:
        return [workspace.schema for workspace in self.workspaces]

    def each(self) -> Iterator[WorkspaceRef]:
        """Enter each workspace of the sample with its own login."""
        for workspace in self.sample:
            with bound(workspace):
                yield workspace


def rows(query: str, params: Any = None) -> list[tuple[Any, ...]]:
    """Rows of the bound workspace."""
    with connections["default"].cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


@contextmanager
def a_moment(seconds: int = 20) -> Iterator[None]:
    """Give up on a statement in the bound workspace after so long: a check never holds the product up."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (before,) = cursor.fetchone() or ("60s",)
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{seconds}s"])
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [before])


Look = Callable[[Cell], Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """One claim. `section` is the chapter of the trust page that it stands in."""

    name: str
    section: str
    claim: str
    look: Look = field(repr=False)


_checks: dict[str, Check] = {}


def check(name: str, section: str, claim: str) -> Callable[[Look], Look]:
    """Register a function as the proof of a claim."""

    def register(look: Look) -> Look:
        if name in _checks:
            raise ValueError(f"{name} is there twice.")
        _checks[name] = Check(name, section, claim, look)
        return look

    return register


def registered() -> list[Check]:
    return list(_checks.values())


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 table`, `214 tables`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
