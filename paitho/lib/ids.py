"""Row ids that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7)."""

import os
import time
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VERSION_AND_VARIANT = 7 << 76 | 2 << 62
NOISE = 10  # random bytes of one id


class _Ticker:
    """Hands out `milliseconds << 42 | counter`, each one greater than the last.

    The 42-bit counter starts each millisecond at a random number below half of its range (RFC 9562,
    section 6.2, method 1) and carries into the milliseconds if it ever overflows. A clock that is
    set back does not take the ids back with it.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.lock = Lock()
        self.last = 0

    def next(self, start: int) -> int:
        fresh = time.time_ns() // 1_000_000 << 42 | start
        with self.lock:
            self.last = fresh if fresh >> 42 > self.last >> 42 else self.last + 1
            return self.last


_ticker = _Ticker()
# A forked child starts afresh: it must neither repeat its parent's ids nor inherit a lock that is held.
os.register_at_fork(after_in_child=_ticker.restart)


def uuid7() -> UUID:
    """A new id, greater than every id made before in this process; safe between threads."""
    return _made(os.urandom(NOISE))


def uuid7s(count: int) -> list[UUID]:
    """So many, in order, as `uuid7` makes them, from one draw of random bytes: for bulk loads."""
    noise = os.urandom(NOISE * count)
    return [_made(noise[at : at + NOISE]) for at in range(0, len(noise), NOISE)]


def _made(drawn: bytes) -> UUID:
    noise = int.from_bytes(drawn, "big")
    tick = _ticker.next(noise >> 39)
    return UUID(
        int=tick >> 42 << 80
        | (tick >> 30 & 0xFFF) << 64
        | (tick & 0x3FFF_FFFF) << 32
        | noise & 0xFFFF_FFFF
        | VERSION_AND_VARIANT
    )


def time_of(uuid: UUID) -> datetime:
    """When a version 7 id was made, to the millisecond, in UTC. ValueError for any other version."""
    if uuid.version != 7:
        raise ValueError("Only a version 7 UUID holds its time.")
    return EPOCH + timedelta(milliseconds=uuid.int >> 80)


def first_at(when: datetime) -> UUID:
    """The smallest id that could be made at that time: ids of rows made before it are smaller."""
    milliseconds = max(0, int(when.timestamp() * 1000))
    return UUID(int=(milliseconds & (1 << 48) - 1) << 80 | VERSION_AND_VARIANT)


def as_uuid(text: str) -> UUID | None:
    """The id that `text` spells, or None for anything else: for what an address bar may hold."""
    try:
        return UUID(text)
    except ValueError:
        return None
