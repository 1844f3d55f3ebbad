"""The few facts of the public site that are in no table."""

from __future__ import annotations

from datetime import UTC, date, datetime

CONTACT = "security@paitho.ai"
ACKNOWLEDGED_IN_HOURS = 48
FIXED_IN_DAYS = 90
RELEASED = date(2026, 11, 24)
SECURITY_TXT_EXPIRES = datetime(2027, 5, 24, tzinfo=UTC)
