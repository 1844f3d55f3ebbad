"""When a mail may leave: days, hours and a time zone, with daylight saving handled; pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ALWAYS = range(7)
FARTHEST = 370  # days ahead that are looked at


def next_window(now: datetime, schedule: Mapping[str, Any], recipient_zone: str | None = None) -> datetime:
    """The first moment, not before `now`, inside the sending window.

    `schedule`: `days` (0 is Monday), `from` and `until` ("HH:MM", until excluded), `zone` (an IANA
    name, or "recipient" for the recipient's own where it is known), `holidays` (ISO dates). Empty: always.
    """
    if not schedule:
        return now
    zone = _zone(schedule, recipient_zone)
    begins, ends = _clock(schedule.get("from"), time.min), _clock(schedule.get("until"), time.max)
    days = set(schedule.get("days", ALWAYS))
    holidays = set(schedule.get("holidays", ()))
    today = now.astimezone(zone).date()
    for offset in range(FARTHEST):
        day = today + timedelta(days=offset)
        if day.weekday() not in days or day.isoformat() in holidays:
            continue
        opens = datetime.combine(day, begins, zone).astimezone(now.tzinfo)
        closes = datetime.combine(day, ends, zone).astimezone(now.tzinfo)
        if now < closes:
            return max(now, opens)
    return now + timedelta(days=FARTHEST)


def _zone(schedule: Mapping[str, Any], recipient_zone: str | None) -> ZoneInfo:
    wanted = str(schedule.get("zone") or "UTC")
    names = (
        [recipient_zone, str(schedule.get("fallback_zone") or "UTC")] if wanted == "recipient" else [wanted]
    )
    for name in names:
        try:
            return ZoneInfo(name or "")
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def _clock(text: str | None, default: time) -> time:
    return time.fromisoformat(text) if text else default
