"""Rows made ready to be stored: read, indexed and sealed.

Nothing here touches the database, so a second thread makes the next batch ready while the database takes the
last one in (`ahead`): sealing and indexing cost the worker about as much as storing costs the database.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from keychain.crypto.blind import BlindIndex
from leads.addresses import BadAddress
from leads.indexing import spelled_words
from leads.profile import Profile, Reading
from leads.sheet import BadRow, Batch, Row
from paitho.lib.ids import uuid7s

ENOUGH_ROWS = 2000
ENOUGH_BYTES = 1024 * 1024
SWITCH_SECONDS = 0.0005
Seal = Callable[[Iterable[tuple[UUID, bytes]]], list[bytes]]
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(slots=True)
class Candidate:
    """A row that can become a lead, and the id under which its profile is sealed."""

    row: Row
    profile: Profile
    email: bytes  # blind indexes
    domain: bytes
    id: UUID
    words: str = ""
    sealed: bytes = b""


@dataclass(slots=True)
class Unusable:
    """A row that cannot be a lead, and why."""

    row: Row | BadRow
    reason: str


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a batch's rows ready; `seal` None leaves them open, for a dry run."""

    read: Callable[[Row], Reading]
    blind: BlindIndex
    seal: Seal | None

    def __call__(self, batch: Batch) -> list[Candidate | Unusable]:
        ids = uuid7s(len(batch.rows))
        made = [self._made(row, uid) for row, uid in zip(batch.rows, ids, strict=True)]
        if self.seal:
            found = [each for each in made if isinstance(each, Candidate)]
            envelopes = self.seal([(each.id, each.profile.to_json().encode()) for each in found])
            for each, sealed in zip(found, envelopes, strict=True):
                each.words, each.sealed = spelled_words(each.profile, self.blind), sealed
        return made

    def _made(self, row: Row | BadRow, uid: UUID) -> Candidate | Unusable:
        if isinstance(row, BadRow):
            return Unusable(row, row.reason)
        try:
            profile = self.read(row).profile
        except BadAddress as error:
            return Unusable(row, str(error))
        return Candidate(row, profile, *self.blind.both(profile.email), uid)


@contextmanager
def quick_turns() -> Iterator[None]:
    """The two threads of an import take turns ten times as often as usual.

    The thread that makes rows ready seldom lets go by itself; the other one would wait for it up to 5 ms
    after each answer of the database, which has some ten for each batch.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: rows hold none, and looking for some took a seventh of an import."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect(
                0
            )  # of what was made meanwhile: what a driver's cycles hold would wait for a long time


def gathered(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches of the reader, several in one: each costs the database some questions and a commit."""
    rows, blank, size, end = list[Row | BadRow](), 0, 0, None
    for batch in batches:
        size += batch.end.byte - (end.byte if end else batch.end.byte)
        rows += batch.rows
        blank, end = blank + batch.blank, batch.end
        if len(rows) >= ENOUGH_ROWS or size >= ENOUGH_BYTES:
            yield Batch(rows, blank, end)
            rows, blank, size = [], 0, 0
    if end is not None and (rows or blank or size):
        yield Batch(rows, blank, end)


class Slice:
    """Items until a time; `is_over` when it came before they ended. What was made ahead is used, not lost."""

    def __init__(self, until: float) -> None:
        self.until, self.is_over = until, False

    def of(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            yield item
            if time.monotonic() > self.until:
                self.is_over = True
                return


def ahead(items: Iterable[Item], make: Callable[[Item], Made]) -> Iterator[tuple[Item, Made]]:
    """Each item with what is made of it; the next one is made while the caller works on this one."""
    with quick_turns(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as thread:
        waiting: tuple[Item, Future[Made]] | None = None
        for item in items:
            following = (item, thread.submit(make, item))
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting is not None:
            yield waiting[0], waiting[1].result()
