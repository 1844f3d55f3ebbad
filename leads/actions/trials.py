"""Dry runs: what a file would become, of its first rows at once, and of all of them in the background."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from leads.actions.imports import PROGRESS, SLICE_SECONDS, WAITING, mapping_of, sheet_of
from leads.candidates import Candidate, Slice, Unusable, ahead, gathered, uncollected
from leads.csvfile import batches
from leads.errors import LeadsError
from leads.loading import Counts, Loader, progress_of
from leads.mapping import Mapping
from leads.models import Import, ImportReject, ImportTrial
from leads.profile import Policy, Profile
from leads.seen import SeenHere, SeenInTable
from leads.sheet import Batch, Place
from leads.upload import kept_file
from tenants import bells

PREVIEW_ROWS = 5000
SAMPLES = 5
SAMPLES_OF_A_REASON = 4
SAMPLE_LENGTH = 160
SMALL = 64 * 1024  # bytes of a file whose rows are all read at once


class Sample(NamedTuple):
    """A row that would not be taken in: its number, what it says, and why not."""

    number: int
    said: str
    reason: str


@dataclass(slots=True)
class Preview:
    """What the first rows would become; `is_whole` when they are all there are."""

    counts: Counts = field(default_factory=Counts)
    is_whole: bool = True
    leads: list[Profile] = field(default_factory=list)
    refused: list[Sample] = field(default_factory=list)


def dry_run(job: Import, mapping: Mapping, policy: Policy) -> Preview:
    """Read the first rows as the import would, and write nothing."""
    loader = Loader(job, sheet_of(job), mapping, policy, dry=SeenHere())
    preview = Preview(loader.counts)
    for batch in gathered(batches(kept_file(job), loader.sheet)):
        loader.load(batch, loader.prepare(batch))
        preview.leads += [each.profile for each in loader.found[: SAMPLES - len(preview.leads)]]
        preview.refused = sampled(preview.refused, loader.rejects)
        if loader.counts.rows >= PREVIEW_ROWS:
            preview.is_whole = batch.end.byte >= job.size
            break
    return preview


def sampled(kept: list[Sample], rejects: Iterable[ImportReject]) -> list[Sample]:
    """A few of each reason, so that a thousand duplicates do not hide the one broken row."""
    alike: dict[str, list[Sample]] = {}
    for each in kept:
        alike.setdefault(_kind(each.reason), []).append(each)
    for reject in rejects:
        same = alike.setdefault(_kind(reject.reason), [])
        if len(same) < SAMPLES_OF_A_REASON:
            same.append(Sample(reject.number, shown(reject.cells), reject.reason))
    return sorted(each for same in alike.values() for each in same)


def _kind(reason: str) -> str:
    return re.sub(r"\d+", "", reason)


def shown(cells: object) -> str:
    """A row as one line of a table."""
    said = " · ".join(cell for cell in cells if cell) if isinstance(cells, list) else str(cells)
    return said if len(said) <= SAMPLE_LENGTH else f"{said[:SAMPLE_LENGTH]}…"


@transaction.atomic
def begin_trial(job: Import) -> ImportTrial | None:
    """Try all of a file that is too long to be read while somebody waits; None for one that is not."""
    ImportTrial.objects.filter(job=job).delete()
    if job.size <= SMALL or sheet_of(job).approximate_rows <= PREVIEW_ROWS // 2:
        return None
    trial = ImportTrial(job=job)
    trial.save(force_insert=True)
    bells.ring("trial")
    return trial


def trial_slice() -> datetime | None:
    """Some seconds of the oldest trial; due again at once while there is one."""
    waiting = ImportTrial.objects.filter(finished_at=None, job__state__in=WAITING)
    trial = waiting.select_related("job").order_by("created_at").first()
    if trial is None:
        return None
    try:
        try_on(trial, time.monotonic() + SLICE_SECONDS)
    except LeadsError as error:
        end_trial(trial, problem=str(error))
    return timezone.now()


def try_on(trial: ImportTrial, until: float) -> None:
    """Count batches from the checkpoint on until the time is up or the file ends."""
    job = trial.job
    seen = SeenInTable(trial)
    loader = Loader(job, sheet_of(job), mapping_of(job), Policy(job.policy), dry=seen)
    place = Place(*trial.place) if trial.place else None
    slice_ = Slice(until)
    found = slice_.of(gathered(batches(kept_file(job), loader.sheet, place)))
    with uncollected():
        for batch, ready in ahead(found, loader.prepare):
            if not count_in(trial, loader, batch, ready, place):
                return
            place = batch.end
    if not slice_.is_over:
        end_trial(trial)


@transaction.atomic
def count_in(
    trial: ImportTrial, loader: Loader, batch: Batch, ready: list[Candidate | Unusable], place: Place | None
) -> bool:
    """Count a batch and set the checkpoint after it, in one commit.

    False, and nothing is counted, when the trial is gone or another worker has passed `place`.
    """
    row = ImportTrial.objects.select_for_update().filter(pk=trial.pk, finished_at=None).first()
    if row is None or row.place != (list(place) if place else None):
        return False
    loader.counts = Counts()
    loader.load(batch, ready)
    progress_of(row, loader.counts, batch.end)
    row.refused = [list(each) for each in sampled(samples_of(row), loader.rejects)]
    row.began_at = row.began_at or timezone.now()
    row.save(update_fields=[*PROGRESS, "refused", "began_at"])
    return True


@transaction.atomic
def end_trial(trial: ImportTrial, *, problem: str = "") -> None:
    """All is counted, or cannot be: whom it met is forgotten."""
    ImportTrial.objects.filter(pk=trial.pk).update(finished_at=timezone.now(), problem=problem[:300])
    trial.seen.all().delete()


def samples_of(trial: ImportTrial) -> list[Sample]:
    return [Sample(*each) for each in trial.refused]
