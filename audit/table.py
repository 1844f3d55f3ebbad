"""The audit log as CSV: one line per event, cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator

from audit.models import AuditRow
from paitho.lib.text import formula_safe

HEAD = ["at", "event", "actor", "actor_id", "ip", "about", "about_id", "data", "id"]


class _Line:
    """csv.writer's idea of a file: keeps the last line."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def lines(rows: Iterable[AuditRow]) -> Iterator[str]:
    kept = _Line()
    writer = csv.writer(kept)
    writer.writerow(HEAD)
    yield kept.text
    for row in rows:
        writer.writerow([formula_safe(cell) for cell in cells(row)])
        yield kept.text


def cells(row: AuditRow) -> list[str]:
    told = row.details
    return [
        row.at.isoformat(),
        row.event,
        told.get("actor", ""),
        str(row.actor_id or ""),
        told.get("ip", ""),
        told.get("about", ""),
        str(row.about_id or ""),
        json.dumps(told.get("data", {}), ensure_ascii=False) if told.get("data") else "",
        str(row.pk),
    ]
