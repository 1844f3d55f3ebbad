"""A key gets as many calls at once as it bears, waits as long as it was told, and never gives up silently."""

import pytest

from campaigns.answers import Fit, Qualification
from campaigns.llm.outcomes import (
    Answered,
    BadKey,
    BadRequest,
    NoCredit,
    Nonsense,
    Overloaded,
    RateLimited,
    RefusedContent,
    TimedOut,
    Truncated,
    Unavailable,
)
from campaigns.pace import LEAST, LONGEST_WAIT, MOST, MOST_TRIES, Pace, after, allowance, backoff, retry_at

NOW = 1_000_000.0
OK = Answered(who="X", value=Qualification(fit=Fit.YES, reason="x"), text="")
LIMITED = RateLimited(who="X")


def run(pace, *outcomes, sent_at=NOW, now=NOW + 1, chance=0.0):
    for outcome in outcomes:
        pace = after(pace, outcome, sent_at=sent_at, now=now, chance=chance)
    return pace


def test_until_its_first_limit_a_key_is_asked_twice_as_much_each_round():
    pace = Pace()
    for _ in range(2):
        pace = run(pace, *[OK] * int(pace.limit))

    assert pace.limit == 4 * Pace().limit


def test_after_a_limit_each_full_round_of_answers_allows_one_more():
    pace = run(Pace(limit=10, fell_at=NOW - 60), *[OK] * 10)

    assert 10.9 < pace.limit < 11.1


def test_the_limit_has_a_top_and_a_bottom():
    assert run(Pace(limit=MOST), *[OK] * 100).limit == MOST
    pace = Pace(limit=8)
    for second in range(20):
        pace = after(pace, LIMITED, sent_at=NOW + second, now=NOW + second + 0.5, chance=0)
    assert pace.limit == LEAST
    assert allowance(pace, under_way=0, now=pace.paused_until) == 1


def test_a_burst_of_refusals_halves_once():
    """Guards `fell_at`: fifty calls under way meet one limit, not fifty."""
    pace = run(Pace(limit=40), *[LIMITED] * 40, sent_at=NOW, now=NOW + 1)

    assert pace.limit == 20
    assert pace.failures == 1


def test_a_refusal_of_a_later_call_halves_again():
    once = after(Pace(limit=40), LIMITED, sent_at=NOW, now=NOW + 1, chance=0)
    twice = after(once, LIMITED, sent_at=NOW + 2, now=NOW + 3, chance=0)

    assert (once.limit, twice.limit) == (20, 10)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("asked", [0.0, 1.0, 20.0, 3600.0])
def test_retry_after_is_honoured_and_never_shortened(asked, chance):
    outcome = RateLimited(who="X", retry_after=asked)
    pace = after(Pace(), outcome, sent_at=NOW, now=NOW, chance=chance)
    again = retry_at(outcome, tries=1, now=NOW, chance=chance)

    assert NOW + asked <= again <= NOW + asked + 5
    if asked:
        assert pace.paused_until >= NOW + asked
        assert allowance(pace, under_way=0, now=NOW + asked - 0.01) == 0


def test_a_longer_pause_is_not_shortened_by_a_later_word():
    pace = run(Pace(), RateLimited(who="X", retry_after=60), RateLimited(who="X", retry_after=1))

    assert pace.paused_until >= NOW + 61


@pytest.mark.parametrize("outcome", [Overloaded(who="X"), Unavailable(who="X"), TimedOut(who="X")])
def test_a_provider_in_trouble_is_asked_less(outcome):
    assert run(Pace(limit=10), outcome).limit == 8


FOR_A_PERSON = [kind(who="X") for kind in (BadKey, NoCredit, Nonsense, RefusedContent, Truncated, BadRequest)]


@pytest.mark.parametrize("outcome", FOR_A_PERSON)
def test_what_a_person_has_to_look_at_is_not_asked_again_and_changes_no_pace(outcome):
    assert retry_at(outcome, tries=1, now=NOW, chance=0) is None
    assert run(Pace(limit=10), outcome).limit == 10


def test_tries_come_to_an_end():
    waits = [retry_at(LIMITED, tries=tries, now=0.0, chance=0.0) for tries in range(1, MOST_TRIES + 1)]

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, None]


@pytest.mark.parametrize("failures", [0, 1, 5, 50, 5000])
def test_a_backoff_is_bounded_and_spread(failures):
    assert backoff(failures, 1.0) == backoff(failures, 0.0) / 2
    assert 0.5 <= backoff(failures, 1.0) <= backoff(failures, 0.0) <= LONGEST_WAIT


@pytest.mark.parametrize(("limit", "under_way", "more"), [(4.9, 0, 4), (4.9, 3, 1), (4.9, 9, 0), (1.0, 0, 1)])
def test_an_allowance_is_what_is_left(limit, under_way, more):
    assert allowance(Pace(limit=limit), under_way=under_way, now=NOW) == more


def test_a_key_that_bears_twenty_calls_is_found_and_held():
    """A simulated provider that refuses the 21st call at once: the limit ends near it and stays."""
    pace, limits, now = Pace(), [], NOW
    for _ in range(400):
        now = max(now + 1, pace.paused_until)
        started = allowance(pace, under_way=0, now=now)
        for number in range(started):
            outcome = OK if number < 20 else RateLimited(who="X", retry_after=1)
            pace = after(pace, outcome, sent_at=now, now=now + 0.5, chance=0.5)
        limits.append(started)

    assert max(limits[50:]) <= 22
    assert sum(limits[50:]) / len(limits[50:]) > 13
