"""Two briefs compared: counts of people, and no claim that chance could explain."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from campaigns.comparison import Comparison, Half, fisher, wilson


def compared(a: tuple[int, int], b: tuple[int, int]) -> Comparison:
    return Comparison(Half("a", "offer", *a, 0, 0), Half("b", "offer", *b, 0, 0))


def exactly(a: int, b: int, c: int, d: int) -> float:
    """The same in whole numbers: every table with these margins, counted."""
    first, yes, total = a + b, a + c, a + b + c + d
    ways = {k: comb(first, k) * comb(total - first, yes - k) for k in range(min(first, yes) + 1)}
    return float(Fraction(sum(way for way in ways.values() if way <= ways[a]), comb(total, yes)))


@pytest.mark.parametrize(
    ("table", "known"),
    [
        ((8, 2, 1, 5), 0.03497),  # textbook tables, as R and SciPy print them
        ((1, 9, 11, 3), 0.002759),
        ((10, 90, 20, 80), None),
        ((0, 50, 0, 50), 1.0),
        ((500, 4500, 600, 4400), None),
    ],
)
def test_the_chance_is_fishers(table, known):
    assert fisher(*table) == pytest.approx(exactly(*table), rel=1e-6)
    if known is not None:
        assert fisher(*table) == pytest.approx(known, rel=1e-3)


@pytest.mark.parametrize(
    ("found", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 100, 0.0552, 0.1744), (0, 0, 0, 1)]
)
def test_the_interval_is_wilsons(found, of, low, high):
    assert wilson(found, of) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ((5, 3), (5, 0), "Too few to tell: wait for 20 people in each half."),
        ((100, 10), (100, 14), "Chance alone makes such a difference 51 times of 100: too close to tell."),
        ((100, 5), (100, 25), "B does better; chance alone makes such a difference 1 times of 100."),
        ((100, 25), (100, 5), "A does better"),
        ((0, 0), (0, 0), "0 of 0 answered A, 0 of 0 answered B. Too few to tell"),
    ],
)
def test_the_sentence_claims_no_more_than_the_counts_bear(a, b, words):
    assert words in compared(a, b).sentence
