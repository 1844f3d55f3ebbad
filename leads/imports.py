"""What can be said of an import: how far it is, when it will be done, and what became of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.urls import reverse
from django.utils import timezone

from leads.actions.imports import sheet_of, untouched
from leads.models import Import, ImportReject, ImportState, ImportTrial
from leads.rejects import Reject, write_rejects
from leads.sheet import BadRow, Row

FEW_SECONDS = 3


@dataclass(frozen=True, slots=True)
class StandingOf:
    """How far an import is. `total` is 0 while it cannot be known."""

    label: str
    done: int
    total: int
    note: str
    tone: str = ""

    @classmethod
    def of(cls, job: Import) -> StandingOf:
        if job.state == ImportState.UNDOING:
            total = job.imported + job.updated
            return cls(
                "Taking the import back", job.removed + job.restored, total, "You can leave this page."
            )
        if job.state != ImportState.RUNNING:
            return cls(job.get_state_display(), job.rows, job.rows, "", "good")
        share = min(1.0, job.place[0] / job.size) if job.place and job.size else 0.0
        total = max(job.rows, round(job.rows / share)) if share else sheet_of(job).approximate_rows
        return cls(f"Importing {job.file_name}", job.rows, total, _left(job.began_at, share))

    @classmethod
    def of_trial(cls, trial: ImportTrial) -> StandingOf:
        job = trial.job
        share = min(1.0, trial.place[0] / job.size) if trial.place and job.size else 0.0
        total = max(trial.rows, round(trial.rows / share)) if share else sheet_of(job).approximate_rows
        return cls("Reading the whole file", trial.rows, total, _left(trial.began_at, share))


def _left(began_at: datetime | None, share: float) -> str:
    """When it will be done, as far as the pace until now tells."""
    if not share or began_at is None:
        return "Waiting for a worker. You can leave this page."
    spent = (timezone.now() - began_at).total_seconds()
    seconds = spent * (1 - share) / share
    if seconds < FEW_SECONDS:
        return "A few seconds left. You can leave this page."
    return f"About {spoken_span(seconds)} left. You can leave this page."


def spoken_span(seconds: float) -> str:
    """`20 seconds`, `3 minutes`: as exact as an estimate deserves."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} seconds"
    minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    return f"{minutes} minutes"


@dataclass(frozen=True, slots=True)
class Became:
    """One line of the sum: so many rows became this."""

    label: str
    rows: int
    note: str
    tone: str


def outcome(job: Import) -> list[Became]:
    """What became of the rows; the lines add up to the rows that were read."""
    return [
        Became("New leads", job.imported, "", "good"),
        Became("Updated", job.updated, "leads that were here, changed as you chose", "info"),
        Became("Duplicates", job.duplicates, "the address stands in the file or among the leads", "idle"),
        Became("Suppressed", job.suppressed, "nobody may write to them; they were not taken in", "idle"),
        Became("Rejected", job.rejected, "the row or its address cannot be used", "bad"),
    ]


class _Line(StringIO):
    """A file for one line at a time."""

    def taken(self) -> str:
        said = self.getvalue()
        self.seek(0)
        self.truncate()
        return said


def reject_lines(job: Import) -> Iterator[str]:
    """The rejects file, piece by piece; it begins with a mark, by which Excel knows UTF-8."""
    columns, out = sheet_of(job).columns, _Line(newline="")
    yield "\ufeff"
    field = ImportReject._meta.get_field("cells")
    place, is_first = 0, True
    while page := list(job.rejects.filter(number__gt=place).order_by("number")[:1000]):
        field.open_rows(page)
        write_rejects(out, columns, map(_reject, page), header=is_first)
        yield out.taken()
        place, is_first = page[-1].number, False
    if is_first:
        write_rejects(out, columns, [])
        yield out.taken()


def _reject(kept: ImportReject) -> Reject:
    if isinstance(kept.cells, list):
        return Reject(Row(kept.number, kept.cells), kept.reason)
    return Reject(BadRow(kept.number, str(kept.cells), kept.reason), kept.reason)


def what_undo_does(job: Import) -> dict[str, Any]:
    """The words of the page that asks before an import is undone."""
    goes = untouched(job).count()
    return {
        "title": "Undo this import?",
        "text": "Leads that it made go, except those that somebody has written to or changed since. "
        "Leads that it changed are set back to what they were, unless they were changed again since.",
        "facts": [
            ("Leads that go", f"{goes:,}"),
            ("Leads that stay", f"{job.leads.count() - goes:,}"),
            ("Leads set back", f"{job.changes.count():,}"),
        ],
        "url": reverse("leads:undo", args=[job.pk]),
        "back": reverse("leads:import", args=[job.pk]),
        "label": "Undo the import",
        "is_grave": True,
    }
