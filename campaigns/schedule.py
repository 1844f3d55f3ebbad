"""When a mail may leave: days, hours, holidays and a time zone, with daylight saving. Arithmetic only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from holidays.registry import COUNTRIES

ALWAYS = range(7)
FARTHEST = 370  # days ahead that are looked at


def next_window(now: datetime, schedule: Mapping[str, Any], recipient_zone: str | None = None) -> datetime:
    """The first moment, not before `now`, inside the sending window."""
    return window(now, schedule, recipient_zone)[0]


def window(
    now: datetime, schedule: Mapping[str, Any], recipient_zone: str | None = None
) -> tuple[datetime, datetime | None]:
    """The first moment, not before `now`, inside the sending window, and when that one closes (None: never).

    `schedule`: `days` (0 is Monday), `from` and `until` ("HH:MM", until excluded), `zone` (an IANA name, or
    "recipient" for the recipient's own where it is known, else `fallback_zone`), `holidays` (ISO dates) and
    `countries` (codes of ISO 3166, whose public holidays are days off). Empty: always.
    """
    if not schedule:
        return now, None
    zone = zone_of(schedule, recipient_zone)
    begins, ends = _clock(schedule.get("from"), time.min), _clock(schedule.get("until"), time.max)
    today = now.astimezone(zone).date()
    for offset in range(FARTHEST):
        day = today + timedelta(days=offset)
        if not is_working_day(day, schedule):
            continue
        opens = datetime.combine(day, begins, zone).astimezone(now.tzinfo)
        closes = datetime.combine(day, ends, zone).astimezone(now.tzinfo)
        if now < closes:
            return max(now, opens), closes
    return now + timedelta(days=FARTHEST), None


def is_working_day(day: date, schedule: Mapping[str, Any]) -> bool:
    """Whether anything leaves on this day."""
    if day.weekday() not in set(schedule.get("days", ALWAYS)):
        return False
    if day.isoformat() in set(schedule.get("holidays", ())):
        return False
    return not any(day in public_holidays(code, day.year) for code in schedule.get("countries", ()))


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a whole country; none for a code that is not known."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """Codes and names of the countries whose holidays are known, by name."""
    named = [(codes[1], name.replace("_", " ").title()) for name, codes in COUNTRIES.items()]
    return sorted(named, key=lambda pair: pair[1])


def zone_of(schedule: Mapping[str, Any], recipient_zone: str | None) -> ZoneInfo:
    """The zone whose clock counts: the schedule's, or the recipient's where it is known and wished for."""
    wanted = str(schedule.get("zone") or "UTC")
    fallback = str(schedule.get("fallback_zone") or "UTC")
    for name in [recipient_zone, fallback] if wanted == "recipient" else [wanted]:
        try:
            return ZoneInfo(name or "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def day_ends(now: datetime, schedule: Mapping[str, Any], home: str) -> datetime:
    """The next midnight where the sender is: the schedule's own zone, or `home` where it has none.

    A zone that changes its clocks at midnight has a day of 23 or 25 hours.
    """
    named = schedule.get("zone")
    zone = zone_of({"zone": home if named in (None, "", "recipient") else named}, None)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(now.tzinfo)


def _clock(text: str | None, default: time) -> time:
    return time.fromisoformat(text) if text else default
