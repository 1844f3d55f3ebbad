"""An import: kept, looked at, begun, taken in slice by slice, and taken back."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import datetime
from json import dumps
from typing import BinaryIO

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.index import blind_index
from leads.candidates import Candidate, Slice, Unusable, ahead, gathered, uncollected
from leads.csvfile import batches, describe
from leads.errors import LeadsError
from leads.indexing import indexes
from leads.loading import Counts, Loader, progress_of, store
from leads.mapping import Mapping, suggest
from leads.models import Import, ImportChange, ImportState, ImportTrial, Lead
from leads.profile import Policy, Profile
from leads.sheet import MAX_BYTES, Batch, CsvRefused, Place, Sheet
from leads.upload import keep, kept_file
from tenants import bells

SLICE_SECONDS = 5.0
UNDO_BATCH = 500
PROGRESS = [*(each.name for each in fields(Counts)), "place"]
WAITING = [ImportState.UPLOADED, ImportState.MAPPED]


class ImportMoved(LeadsError):
    """The import is not in the state that this needs."""


@transaction.atomic
def upload(source: BinaryIO, name: str, size: int, *, by: Actor) -> Import:
    """Keep an uploaded file, sealed, and say what it is. Raises `CsvRefused` and keeps nothing."""
    if size > MAX_BYTES:
        raise CsvRefused("The file is larger than 200 MB. Split it and import the parts one after another.")
    job = Import(file_name=name[:200], started_by=by.id, size=size)
    job.save(force_insert=True)
    job.size = keep(job, source)
    sheet = describe(kept_file(job))
    job.sheet = sheet.to_json()
    job.mapping = [[each.column, each.use] for each in suggest(sheet.columns)]
    job.save()
    return job


@transaction.atomic
def choose(job: Import, mapping: Mapping, policy: Policy) -> None:
    """Keep what the columns mean and what happens to leads that are here. Raises `ImportMoved`."""
    waiting = Import.objects.filter(pk=job.pk, state__in=WAITING)
    if not waiting.update(state=ImportState.MAPPED, policy=policy.value):
        raise ImportMoved("This import has already begun.")
    ImportTrial.objects.filter(job=job).delete()  # of other columns, or of another policy
    job.refresh_from_db(fields=["state", "policy"])
    job.mapping = [list(use) for use in mapping.uses]
    job.save(update_fields=["mapping"])


@transaction.atomic
def discard(job: Import) -> None:
    """Forget a file whose import has not begun. Raises `ImportMoved`."""
    if not Import.objects.filter(pk=job.pk, state__in=WAITING).delete()[0]:
        raise ImportMoved("This import has already begun. It can be undone when it is finished.")


@transaction.atomic
def start(job: Import, mapping: Mapping, policy: Policy, *, by: Actor) -> None:
    """Begin the import in the background. Raises `ImportMoved` when it has begun already."""
    choose(job, mapping, policy)
    waiting = Import.objects.filter(pk=job.pk, state=ImportState.MAPPED)
    if not waiting.update(state=ImportState.RUNNING, began_at=timezone.now()):
        raise ImportMoved("This import has already begun.")
    job.refresh_from_db()
    record(Event.LEADS_IMPORTED, by=by, about=job, file=job.file_name)
    bells.ring("import")


def import_slice() -> datetime | None:
    """Some seconds of the oldest import that runs or is being undone; due again at once while one is."""
    at_work = Import.objects.filter(state__in=[ImportState.RUNNING, ImportState.UNDOING])
    job = at_work.order_by("created_at").first()
    if job is None:
        return None
    until = time.monotonic() + SLICE_SECONDS
    if job.state == ImportState.UNDOING:
        while undo_batch(job) and time.monotonic() < until:
            continue
        return timezone.now()
    try:
        read_on(job, until)
    except LeadsError as error:
        fail(job, str(error))
    return timezone.now()


def read_on(job: Import, until: float) -> None:
    """Take batches in from the checkpoint until the time is up or the file ends."""
    loader = Loader(job, sheet_of(job), mapping_of(job), Policy(job.policy))
    place = Place(*job.place) if job.place else None
    slice_ = Slice(until)
    found = slice_.of(gathered(batches(kept_file(job), loader.sheet, place)))
    with uncollected():
        for batch, ready in ahead(found, loader.prepare):
            if not take_in(loader, batch, ready, place):
                return
            place = batch.end
    if not slice_.is_over:
        finish(job)


@transaction.atomic
def take_in(loader: Loader, batch: Batch, ready: list[Candidate | Unusable], place: Place | None) -> bool:
    """Load a batch and set the checkpoint after it, in one commit.

    False, and nothing is written, when the import has ended or another worker has passed `place`.
    """
    job = Import.objects.select_for_update().get(pk=loader.job.pk)
    if job.state != ImportState.RUNNING or job.place != (list(place) if place else None):
        return False
    loader.counts = Counts()
    loader.load(batch, ready)
    progress_of(job, loader.counts, batch.end)
    job.save(update_fields=PROGRESS)
    return True


def finish(job: Import) -> None:
    """Every row has been read: the sealed file goes."""
    _end(job, ImportState.DONE)


def fail(job: Import, problem: str) -> None:
    """The file cannot be read further: what was taken in stays and can be undone."""
    _end(job, ImportState.FAILED, problem=problem[:300])


@transaction.atomic
def _end(job: Import, state: ImportState, **changes: object) -> None:
    running = Import.objects.filter(pk=job.pk, state=ImportState.RUNNING)
    if running.update(state=state, finished_at=timezone.now(), **changes):
        job.parts.all().delete()


@transaction.atomic
def undo(job: Import, *, by: Actor) -> None:
    """Begin to take the import back. Raises `ImportMoved` unless it has ended and is not undone."""
    ended = Import.objects.filter(pk=job.pk, state__in=[ImportState.DONE, ImportState.FAILED])
    if not ended.update(state=ImportState.UNDOING):
        raise ImportMoved("Only an import that has ended can be undone, and only once.")
    record(Event.IMPORT_UNDONE, by=by, about=job, file=job.file_name)
    bells.ring("import")


@transaction.atomic
def undo_batch(job: Import) -> bool:
    """Set some leads back and take some out; False when there are none left."""
    job = Import.objects.select_for_update().get(pk=job.pk)
    if job.state != ImportState.UNDOING:
        return False
    changes = list(job.changes.select_related("lead").order_by("pk")[:UNDO_BATCH])
    job.restored += sum(restore(change) for change in changes)
    ImportChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    made = [] if changes else list(untouched(job).values_list("pk", flat=True)[:UNDO_BATCH])
    Lead.objects.filter(pk__in=made).delete()
    job.removed += len(made)
    if not changes and not made:
        job.state = ImportState.UNDONE
        job.rejects.all().delete()
    job.save(update_fields=["restored", "removed", "state"])
    return bool(changes or made)


def untouched(job: Import) -> QuerySet[Lead]:
    """The leads that the import made and nobody has written to or changed since."""
    return Lead.objects.filter(source=job, threads=None, updated_at=F("created_at"))


def restore(change: ImportChange) -> bool:
    """Set a lead back to what it was before the import, unless it was changed again since."""
    lead = change.lead
    if lead.updated_at != change.changed_at:
        return False
    before = Profile.from_dict(change.before["profile"])
    lead.origins = change.before["origins"]
    store(lead, before, indexes(before, blind_index()), at=timezone.now())
    return True


def sheet_of(job: Import) -> Sheet:
    return Sheet.from_json(job.sheet)


def mapping_of(job: Import) -> Mapping:
    """The import's mapping. Raises `MappingError` when it cannot be used as it is."""
    return Mapping.from_json(dumps(job.mapping))
