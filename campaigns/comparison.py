"""Two briefs beside each other, honestly: counts of people, intervals, and whether chance explains it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, sqrt

Z95 = 1.959964
TELLING = 0.05  # how rare under chance alone a difference has to be before we call it one
LEAST = 20  # people in each half, below which nothing is said about a difference


@dataclass(frozen=True, slots=True)
class Half:
    """Those who got one brief: people written to, people who answered, who liked it, who opted out."""

    variant: str
    offer: str
    written: int
    replied: int
    positive: int
    opted_out: int

    @property
    def name(self) -> str:
        return self.variant.upper()

    @property
    def rate(self) -> str:
        return f"{self.replied / self.written:.1%}" if self.written else ""

    @property
    def interval(self) -> str:
        """Where the true rate of answers lies, 95 times of 100 (Wilson's interval)."""
        low, high = wilson(self.replied, self.written)
        return f"{low:.0%} to {high:.0%}" if self.written else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    a: Half
    b: Half

    @property
    def halves(self) -> list[Half]:
        return [self.a, self.b]

    @property
    def chance(self) -> float:
        """How often chance alone makes a difference at least as large."""
        a, b = self.a, self.b
        return fisher(a.replied, a.written - a.replied, b.replied, b.written - b.replied)

    @property
    def is_telling(self) -> bool:
        return min(self.a.written, self.b.written) >= LEAST and self.chance < TELLING

    @property
    def sentence(self) -> str:
        a, b = self.a, self.b
        counts = f"{a.replied:,} of {a.written:,} answered A, {b.replied:,} of {b.written:,} answered B."
        if min(a.written, b.written) < LEAST:
            return f"{counts} Too few to tell: wait for {LEAST} people in each half."
        percent = max(1, round(100 * self.chance))
        if not self.is_telling:
            return f"{counts} Chance alone makes such a difference {percent} times of 100: too close to tell."
        better = "A" if a.replied * b.written > b.replied * a.written else "B"
        return f"{counts} {better} does better; chance alone makes such a difference {percent} times of 100."


def wilson(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927); (0, 1) when nothing is known."""
    if not of:
        return 0.0, 1.0
    rate, z2 = found / of, Z95 * Z95
    centre, spread = rate + z2 / (2 * of), Z95 * sqrt(rate * (1 - rate) / of + z2 / (4 * of * of))
    whole = 1 + z2 / of
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Fisher's exact test of the table ((a, b), (c, d)), two-sided: the probability under chance alone."""
    first, yes, total = a + b, a + c, a + b + c + d
    low, high = max(0, yes - (c + d)), min(first, yes)
    chances = [exp(_log_chance(k, first, yes, total)) for k in range(low, high + 1)]
    seen = chances[a - low]
    return min(1.0, sum(chance for chance in chances if chance <= seen * (1 + 1e-7)))


def _log_chance(k: int, first: int, yes: int, total: int) -> float:
    return _log_choose(first, k) + _log_choose(total - first, yes - k) - _log_choose(total, yes)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
