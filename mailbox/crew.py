"""The same work on several mailboxes side by side: one that hangs does not hold up the others.

Each hand is a thread of its own, bound to the caller's workspace, with a database session of its own that is
closed at the end. One item, or one hand, runs on the caller's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from django.db import connections

from tenants.binding import bound, close_sessions, current
from tenants.workspace import WorkspaceRef

Item = TypeVar("Item")


def share(work: Callable[[Item], object], items: Sequence[Item], *, at_most: int) -> None:
    """Do the work on every item. Raises the first error after all others are done."""
    if min(len(items), at_most) <= 1:
        for item in items:
            work(item)
        return
    waiting: SimpleQueue[Item] = SimpleQueue()
    for item in items:
        waiting.put(item)
    errors: list[BaseException] = []
    hand = (current(), work, waiting, errors)
    hands = [threading.Thread(target=_hand, args=hand) for _ in range(min(len(items), at_most))]
    for thread in hands:
        thread.start()
    for thread in hands:
        thread.join()
    if errors:
        raise errors[0]


def _hand(
    workspace: WorkspaceRef,
    work: Callable[[Item], object],
    waiting: SimpleQueue[Item],
    errors: list[BaseException],
) -> None:
    try:
        with bound(workspace):
            while True:
                try:
                    work(waiting.get_nowait())
                except Empty:
                    return
                except Exception as error:  # noqa: BLE001 - raised again by `share`, on the caller's thread
                    errors.append(error)
    finally:
        connections.close_all()
        close_sessions()
