"""An answer in time: what hangs is left to itself, and does not take the page along."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 4  # threads of this process that may hang; while they do, nobody else begins to wait
_places = BoundedSemaphore(AT_ONCE)


def in_time(ask: Callable[[], T], seconds: float) -> T:
    """What `ask` answers or raises, asked in a thread of its own. Raises `TimeoutError` after so long.

    psycopg waits for a server that took the question and says nothing; libpq's own timeouts end only the
    connecting. The thread that is left behind ends when the server speaks or the process does.
    """
    if not _places.acquire(blocking=False):
        raise TimeoutError
    said: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    Thread(target=_asked, args=(ask, said), daemon=True).start()
    try:
        answer, trouble = said.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if trouble is not None:
        raise trouble
    return answer  # type: ignore[return-value]  # None only where T is


def _asked(ask: Callable[[], T], said: SimpleQueue[tuple[T | None, BaseException | None]]) -> None:
    try:
        said.put((ask(), None))
    except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
        said.put((None, error))
    finally:
        _places.release()
