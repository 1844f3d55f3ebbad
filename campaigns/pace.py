"""How many calls at once a key bears, and when to ask again. Arithmetic only: the caller keeps the state.

Additive increase, multiplicative decrease, as TCP does it: until the first limit each answer allows one
more call, afterwards a full round of answers does; a rate limit halves. Calls that were under way when the
limit fell do not lower it again.
"""

from dataclasses import dataclass, replace

from campaigns.llm.outcomes import Answered, Outcome, Overloaded, RateLimited, TimedOut, Unavailable

START = 10.0
LEAST = 1.0
MOST = 50.0
HALVED = 0.5
EASED = 0.8
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
MOST_TRIES = 6


@dataclass(frozen=True, slots=True)
class Pace:
    """The state of one provider key. Times are seconds since the epoch.

    `limit`: calls at once; `paused_until`: no call before; `fell_at`: when the limit last fell;
    `failures`: in a row.
    """

    limit: float = START
    paused_until: float = 0.0
    fell_at: float = 0.0
    failures: int = 0

    @property
    def has_fallen(self) -> bool:
        """Whether the key's limit has been met: from then on it is approached with care."""
        return self.fell_at > 0

    @property
    def is_down(self) -> bool:
        """Whether the provider has failed so often in a row that it is not about a single call."""
        return self.failures >= MOST_TRIES


def allowance(pace: Pace, *, under_way: int, now: float) -> int:
    """How many more calls may start now."""
    return 0 if now < pace.paused_until else max(0, int(pace.limit) - under_way)


def after(pace: Pace, outcome: Outcome, *, sent_at: float, now: float, chance: float) -> Pace:
    """The pace once a call that was sent at `sent_at` has ended. `chance`, from 0 to 1, is the jitter."""
    if isinstance(outcome, RateLimited):
        return _slower(pace, HALVED, sent_at, now, _pause(outcome, pace.failures, chance))
    if isinstance(outcome, Overloaded):
        return _slower(pace, EASED, sent_at, now, _pause(outcome, pace.failures, chance))
    if isinstance(outcome, TimedOut | Unavailable):
        return _slower(pace, EASED, sent_at, now, _asked(outcome) or 0.0)
    if isinstance(outcome, Answered):
        step = 1 / pace.limit if pace.has_fallen else 1.0
        return replace(pace, limit=min(MOST, pace.limit + step), failures=0)
    return replace(pace, failures=0)  # the provider did answer; the call was at fault


def retry_at(outcome: Outcome, *, tries: int, now: float, chance: float) -> float | None:
    """When to ask the same again after so many tries; None if a person has to look at it."""
    if not outcome.may_retry or tries >= MOST_TRIES:
        return None
    return now + _pause(outcome, tries - 1, chance)


def backoff(failures: int, chance: float) -> float:
    """1, 2, 4 … seconds, each shortened by up to a half, so that callers do not come back together."""
    whole = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures, 20))
    return whole * (1 - chance / 2)


def _pause(outcome: Outcome, failures: int, chance: float) -> float:
    """What the provider asked for, never less, and a little more; else the backoff."""
    asked = _asked(outcome)
    return backoff(failures, chance) if asked is None else asked + chance * min(5.0, 1 + asked / 10)


def _asked(outcome: Outcome) -> float | None:
    return outcome.retry_after if isinstance(outcome, RateLimited | Overloaded | Unavailable) else None


def _slower(pace: Pace, factor: float, sent_at: float, now: float, pause: float) -> Pace:
    until = max(pace.paused_until, now + pause) if pause else pace.paused_until
    if sent_at <= pace.fell_at:
        return replace(pace, paused_until=until)
    limit = max(LEAST, pace.limit * factor)
    return Pace(limit=limit, paused_until=until, fell_at=now, failures=pace.failures + 1)
