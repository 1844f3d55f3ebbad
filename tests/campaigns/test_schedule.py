"""When a mail may leave: the clock of the zone, across daylight saving, weekends and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaigns.schedule import countries, day_ends, is_working_day, next_window, public_holidays, zone_of

WEEK = {"days": [0, 1, 2, 3, 4], "from": "09:00", "until": "17:00", "zone": "Europe/Berlin"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        # Berlin is one hour ahead of UTC in winter and two in summer
        ("2026-01-14 06:00", "2026-01-14 08:00"),
        ("2026-01-14 08:00", "2026-01-14 08:00"),
        ("2026-01-14 15:59", "2026-01-14 15:59"),
        ("2026-01-14 16:00", "2026-01-15 08:00"),
        ("2026-07-15 06:00", "2026-07-15 07:00"),
        ("2026-07-15 15:00", "2026-07-16 07:00"),
        # Friday evening to Monday, over both changes of the clock
        ("2026-03-27 16:30", "2026-03-30 07:00"),
        ("2026-10-23 15:30", "2026-10-26 08:00"),
        ("2026-01-17 12:00", "2026-01-19 08:00"),
    ],
)
def test_the_window_opens_by_the_clock_on_the_wall(now, leaves):
    assert next_window(at(now), WEEK) == at(leaves)


def test_a_window_in_the_hour_that_does_not_exist_still_opens():
    night = {"days": [6], "from": "02:15", "until": "02:45", "zone": "Europe/Berlin"}

    found = next_window(at("2026-03-28 12:00"), night)

    assert found.date() == date(2026, 3, 29)


def test_the_recipients_own_zone_counts_where_it_is_known():
    own = {**WEEK, "zone": "recipient", "fallback_zone": "America/New_York"}

    assert next_window(at("2026-01-14 00:00"), own, "Asia/Tokyo") == at("2026-01-14 00:00")
    assert next_window(at("2026-01-14 00:00"), own, None) == at("2026-01-14 14:00")
    assert next_window(at("2026-01-14 00:00"), own, "nowhere/at all") == at("2026-01-14 14:00")


@pytest.mark.parametrize("zone", ["", "/etc/passwd", "../x", "Europe", "Mars/Olympus", "\0"])
def test_a_zone_that_is_none_is_utc(zone):
    assert str(zone_of({"zone": "recipient"}, zone)) == "UTC"


def test_holidays_are_days_off_by_date_and_by_country():
    closed = {**WEEK, "holidays": ["2026-01-14"], "countries": ["DE"]}

    assert next_window(at("2026-01-14 10:00"), closed) == at("2026-01-15 08:00")
    assert next_window(at("2026-04-02 16:00"), closed) == at("2026-04-07 07:00"), "Good Friday, Easter Monday"
    assert is_working_day(date(2026, 7, 3), {**closed, "countries": ["DE"]})
    assert not is_working_day(date(2026, 7, 3), {**closed, "countries": ["DE", "US"]}), "4 July, observed"


def test_a_country_that_is_not_known_has_no_holidays():
    assert public_holidays("XX", 2026) == frozenset()


def test_countries_are_listed_by_name():
    assert ("DE", "Germany") in countries()
    assert ("US", "United States") in countries()


def test_without_a_schedule_anything_may_leave_now():
    assert next_window(at("2026-01-18 03:00"), {}) == at("2026-01-18 03:00")


def test_a_schedule_that_never_opens_waits_for_a_person():
    assert next_window(at("2026-01-14 10:00"), {**WEEK, "days": []}) > at("2027-01-01 00:00")


DAY_ENDS = [
    ("2026-01-14 23:30", {"zone": "Europe/Berlin"}, "2026-01-15 23:00"),
    ("2026-01-14 22:30", {"zone": "Europe/Berlin"}, "2026-01-14 23:00"),
    ("2026-01-14 22:30", {"zone": "recipient", "fallback_zone": "Asia/Tokyo"}, "2026-01-15 08:00"),
    ("2026-01-14 22:30", {}, "2026-01-15 08:00"),
    ("2026-03-07 22:30", {"zone": "America/New_York"}, "2026-03-08 05:00"),
    ("2026-03-08 22:30", {"zone": "America/New_York"}, "2026-03-09 04:00"),
    ("2026-10-31 22:30", {"zone": "Atlantic/Nowhere"}, "2026-11-01 00:00"),
]


@pytest.mark.parametrize(("now", "schedule", "ends"), DAY_ENDS)
def test_a_day_ends_at_midnight_where_the_sender_is(now, schedule, ends):
    assert day_ends(at(now), schedule, "America/Los_Angeles") == at(ends)


@given(
    some.integers(1_735_000_000, 1_900_000_000),
    some.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_what_leaves_is_inside_the_window_and_never_before_now(moment, zone):
    now, schedule = datetime.fromtimestamp(moment, UTC), {**WEEK, "zone": zone}

    found = next_window(now, schedule)

    local = found.astimezone(zone_of(schedule, None))
    assert now <= found <= now + timedelta(days=4)
    assert local.weekday() < 5
    assert "09:00" <= f"{local:%H:%M}" < "17:00"
    assert next_window(found, schedule) == found
