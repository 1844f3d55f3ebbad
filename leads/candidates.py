"""Rows made ready to be stored: read, indexed and sealed.

Nothing here touches the database, so a second thread makes the next batch ready while the database takes the
last one in (`ahead`): sealing and indexing cost the worker about as much as storing costs the database.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from keychain.crypto.blind import BlindIndex
from leads.addresses import BadAddress, address
from leads.columns import Columns
from leads.mapping import Mapping
from leads.profile import Profile, Reading, reader
from leads.sheet import BadRow, Batch, Row
from leads.vocabulary import Target
from paitho.lib.ids import uuid7s

ENOUGH_ROWS = 2000
ENOUGH_BYTES = 1024 * 1024
SWITCH_SECONDS = 0.0005
Read = Callable[[Row], Reading]
Seal = Callable[[Iterable[tuple[UUID, bytes]]], list[bytes]]
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(slots=True)
class Candidate:
    """A row that can become a lead, and the id under which its profile is sealed."""

    row: Row
    read: Read
    email: bytes  # blind indexes
    domain: bytes
    id: UUID
    words: str = ""
    sealed: bytes = b""

    @property
    def profile(self) -> Profile:
        return self.read(self.row).profile


@dataclass(slots=True)
class Unusable:
    """A row that cannot be a lead, and why."""

    row: Row | BadRow
    reason: str


class Maker:
    """Makes a batch's rows ready; `seal` None leaves them open, for a dry run."""

    def __init__(self, mapping: Mapping, names: Sequence[str], blind: BlindIndex, seal: Seal | None) -> None:
        uses = dict(mapping.uses)
        self._at = next(index for index, name in enumerate(names) if uses.get(name) is Target.EMAIL)
        self._read = reader(mapping, names)
        self._columns = Columns(mapping, names, blind.spelled)
        self._blind, self._seal = blind, seal

    def __call__(self, batch: Batch) -> list[Candidate | Unusable]:
        made: list[Candidate | Unusable] = []
        found: list[Candidate] = []
        emails: list[str] = []
        for row, uid in zip(batch.rows, uuid7s(len(batch.rows)), strict=True):
            if isinstance(row, BadRow):
                made.append(Unusable(row, row.reason))
                continue
            try:
                email = address(row.cells[self._at]).email
            except BadAddress as error:
                made.append(Unusable(row, str(error)))
                continue
            found.append(Candidate(row, self._read, *self._blind.both(email), uid))
            emails.append(email)
            made.append(found[-1])
        if self._seal and found:
            self._close(found, emails, self._seal)
        return made

    def _close(self, found: list[Candidate], emails: list[str], seal: Seal) -> None:
        rows = [each.row for each in found]
        texts = map(str.encode, self._columns.profiles(rows, emails))
        envelopes = seal(zip([each.id for each in found], texts, strict=True))
        for each, sealed, words in zip(found, envelopes, self._columns.words(rows), strict=True):
            each.sealed, each.words = sealed, words


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
            gc.collect(0)  # what a driver's cycles hold of what was made meanwhile would else wait long


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
