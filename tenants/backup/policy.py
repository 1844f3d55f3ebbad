"""Which backups stay: every one of a week, then the newest of each week, until they end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tenants.backup.records import Kept

DAILY = timedelta(days=7)


def to_delete(backups: Iterable[Kept], now: datetime) -> list[Kept]:
    """Those that have ended, and those between two weekly ones. The newest that lives stays."""
    newest_first = sorted(backups, key=lambda backup: backup.made_at, reverse=True)
    gone, weeks = [], set[tuple[int, int]]()
    for backup in newest_first:
        week = backup.made_at.isocalendar()[:2]
        if backup.expires_at <= now or (now - backup.made_at > DAILY and week in weeks):
            gone.append(backup)
        else:
            weeks.add(week)
    return gone
