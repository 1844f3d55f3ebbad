"""How fast each key is asked: paces that outlive a slice, and the threads that a process shares fairly.

One slice works in a workspace at a time (its bell is claimed) and a key belongs to one workspace, so a
key's pace has one writer. It is kept in the cache: where that is lost, the key is tried anew from the start.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from django.core.cache import cache

from campaigns.llm.edge import Outcome
from campaigns.pace import MOST, Pace, after, allowance

CALLS_AT_ONCE = 200  # of one process, shared evenly by the workspaces it works for
KEPT_SECONDS = 24 * 3600


class Throttle:
    """The paces of the keys that one slice asks with."""

    def __init__(self) -> None:
        self._paces: dict[UUID, Pace] = {}
        self._under_way: Counter[UUID] = Counter()

    def pace(self, key: UUID) -> Pace:
        if key not in self._paces:
            kept = cache.get(_name(key))
            self._paces[key] = Pace(**kept) if kept else Pace()
        return self._paces[key]

    def room(self, key: UUID) -> int:
        """How many more calls may start with this key now."""
        return allowance(self.pace(key), under_way=self._under_way[key], now=time.time())

    def is_at_full_speed(self, key: UUID) -> bool:
        pace = self.pace(key)
        return pace.limit >= MOST and time.time() >= pace.paused_until

    def drop(self, key: UUID) -> None:
        """A call was not made after all."""
        self._under_way[key] -= 1

    def paused_until(self, key: UUID) -> datetime:
        return datetime.fromtimestamp(self.pace(key).paused_until, UTC)

    def begin(self, key: UUID) -> float:
        """A call starts; the moment, for its end."""
        self._under_way[key] += 1
        return time.time()

    def end(self, key: UUID, outcome: Outcome, sent_at: float) -> None:
        self._under_way[key] -= 1
        before, now = self.pace(key), time.time()
        pace = after(before, outcome, sent_at=sent_at, now=now, chance=random.random())  # noqa: S311
        self._paces[key] = pace
        if pace.paused_until != before.paused_until:
            self._keep(key)

    def keep(self) -> None:
        """Leave the paces for the next slice."""
        for key in self._paces:
            self._keep(key)

    def _keep(self, key: UUID) -> None:
        cache.set(_name(key), asdict(self._paces[key]), KEPT_SECONDS)


def _name(key: UUID) -> str:
    return f"pace:{key}"


class Crew:
    """The calls that a process may have under way, divided evenly among the slices that run in it."""

    def __init__(self, size: int) -> None:
        self._size, self._slices, self._lock = size, 0, threading.Lock()

    @contextmanager
    def slice(self) -> Iterator[Crew]:
        with self._lock:
            self._slices += 1
        try:
            yield self
        finally:
            with self._lock:
                self._slices -= 1

    def share(self) -> int:
        """How many calls each of the running slices may have under way now."""
        return min(int(MOST), max(1, self._size // max(1, self._slices)))

    def is_roomy(self) -> bool:
        """Whether so few slices run that each may have as many calls under way as a key ever has."""
        return self._slices * int(MOST) <= self._size


CREW = Crew(CALLS_AT_ONCE)
