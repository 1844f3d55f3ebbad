"""Warm sessions of a process: each is one workspace's, and any of its threads may take it.

A page or a slice takes the workspace's session out, and lays it back when it leaves the workspace. So a
thread that meets a workspace for the first time finds the session that another thread opened, and a process
holds no more idle sessions than WARM_SESSIONS, whatever the number of its threads. The one that was not used
for longest is closed first.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from psycopg import Connection, OperationalError

IDLE_CHECK = 30.0  # seconds a session may lie before it is tried out on return
Key = tuple[str, str]  # the workspace's id and its schema, which a rename changes


@dataclass(slots=True)
class Warm:
    """A session that no code is using now; `close_at` is when Django's CONN_MAX_AGE ends it."""

    connection: Connection[Any]
    close_at: float | None
    parked_at: float


class Pool:
    """Safe between threads; a forked child starts with none."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._parked: OrderedDict[int, tuple[Key, Warm]] = OrderedDict()  # the longest unused first
        self._of: dict[Key, list[int]] = {}
        self._number = 0
        self._left_behind: list[Any] = []

    def __len__(self) -> int:
        return len(self._parked)

    def take(self, key: Key) -> Warm | None:
        """The session of this workspace that was used last, if one lies here and still works."""
        while True:
            with self._lock:
                numbers = self._of.get(key)
                if not numbers:
                    return None
                warm = self._remove(numbers[-1])
            if _is_usable(warm):
                return warm
            warm.connection.close()

    def park(self, key: Key, connection: Connection[Any], close_at: float | None, *, at_most: int) -> None:
        with self._lock:
            self._number += 1
            self._parked[self._number] = key, Warm(connection, close_at, time.monotonic())
            self._of.setdefault(key, []).append(self._number)
            surplus = [self._remove(next(iter(self._parked))) for _ in range(len(self._parked) - at_most)]
        for warm in surplus:
            warm.connection.close()

    def close_all(self) -> None:
        with self._lock:
            parked = [warm for _, warm in self._parked.values()]
            self._parked.clear()
            self._of.clear()
        for warm in parked:
            warm.connection.close()

    def restart(self) -> None:
        """In a forked child the sessions are the parent's: they are neither used nor closed here."""
        self._left_behind.append(self._parked)
        self._lock = Lock()
        self._parked, self._of = OrderedDict(), {}

    def _remove(self, number: int) -> Warm:
        key, warm = self._parked.pop(number)
        self._of[key].remove(number)
        if not self._of[key]:
            del self._of[key]
        return warm


def _is_usable(warm: Warm) -> bool:
    now = time.monotonic()
    if warm.connection.closed or (warm.close_at is not None and now >= warm.close_at):
        return False
    if now - warm.parked_at < IDLE_CHECK:
        return True
    try:
        warm.connection.execute("SELECT 1")
    except OperationalError:
        return False
    return True


POOL = Pool()
os.register_at_fork(after_in_child=POOL.restart)
