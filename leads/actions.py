"""Writes to leads: imports, suppression, deletion."""

from __future__ import annotations

import time
from datetime import datetime
from json import dumps
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM, Actor
from audit.events import Event
from keychain.index import blind_index
from leads.csvfile import batches, describe
from leads.errors import LeadsError
from leads.loading import Counts, Loader, progress_of
from leads.mapping import Mapping, suggest
from leads.models import Import, ImportState, Lead, Reason, Standing, Suppression
from leads.profile import Policy
from leads.sheet import MAX_BYTES, Batch, CsvRefused, Place, Sheet
from leads.upload import keep, kept_file
from tenants import bells

SLICE_SECONDS = 5.0
PREVIEW_ROWS = 5000


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


def dry_run(job: Import, mapping: Mapping, policy: Policy) -> tuple[Counts, bool]:
    """What the first rows would become, writing nothing; True when that was the whole file."""
    loader = Loader(job, sheet_of(job), mapping, policy, dry=True)
    for batch in batches(kept_file(job), loader.sheet):
        loader.load(batch)
        if loader.counts.rows >= PREVIEW_ROWS:
            return loader.counts, batch.end.byte >= job.size
    return loader.counts, True


@transaction.atomic
def start(job: Import, mapping: Mapping, policy: Policy, *, by: Actor) -> None:
    """Begin the import in the background. Raises `ImportMoved` when it has begun already."""
    waiting = Import.objects.filter(pk=job.pk, state__in=[ImportState.UPLOADED, ImportState.MAPPED])
    if not waiting.update(state=ImportState.RUNNING, policy=policy.value):
        raise ImportMoved("This import has already begun.")
    job.refresh_from_db()
    job.mapping = [list(use) for use in mapping.uses]
    job.save(update_fields=["mapping"])
    record(Event.LEADS_IMPORTED, by=by, about=job, file=job.file_name)
    bells.ring("import")


def import_slice() -> datetime | None:
    """Some seconds of the oldest running import; due again at once while there is more."""
    job = Import.objects.filter(state=ImportState.RUNNING).order_by("created_at").first()
    if job is None:
        return None
    loader = Loader(job, sheet_of(job), mapping_of(job), Policy(job.policy))
    until = time.monotonic() + SLICE_SECONDS
    place = Place(*job.place) if job.place else None
    for batch in batches(kept_file(job), loader.sheet, place):
        if not take_in(loader, batch, place) or time.monotonic() > until:
            return timezone.now()
        place = batch.end
    finish(job)
    return timezone.now()


@transaction.atomic
def take_in(loader: Loader, batch: Batch, place: Place | None) -> bool:
    """Load a batch and set the checkpoint after it, in one commit.

    False, and nothing is written, when the import has ended or another worker has passed `place`.
    """
    job = Import.objects.select_for_update().get(pk=loader.job.pk)
    if job.state != ImportState.RUNNING or job.place != (list(place) if place else None):
        return False
    loader.counts = Counts()
    loader.load(batch)
    progress_of(job, loader.counts, batch.end)
    job.save()
    return True


@transaction.atomic
def finish(job: Import) -> None:
    """Every row has been read: the sealed file goes."""
    if Import.objects.filter(pk=job.pk, state=ImportState.RUNNING).update(
        state=ImportState.DONE, finished_at=timezone.now()
    ):
        job.parts.all().delete()


def sheet_of(job: Import) -> Sheet:
    return Sheet.from_json(job.sheet)


def mapping_of(job: Import) -> Mapping:
    """The import's mapping. Raises `MappingError` when it cannot be used as it is."""
    return Mapping.from_json(dumps(job.mapping))


def suppress(address: str, reason: Reason, *, by: Actor = SYSTEM, covers_domain: bool = False) -> Suppression:
    """Nobody here writes to this address (or to anyone in its domain) again. May be said twice."""
    blind = blind_index()
    index = blind.domain(address) if covers_domain else blind.email(address)
    return suppress_index(index, reason, by=by, covers_domain=covers_domain)


@transaction.atomic
def suppress_index(index: bytes, reason: Reason, *, by: Actor, covers_domain: bool = False) -> Suppression:
    """As `suppress`, for an address of which only the blind index is at hand."""
    row, is_new = Suppression.objects.get_or_create(
        index=index, covers_domain=covers_domain, defaults={"reason": reason}
    )
    if not is_new and row.reason != reason and reason in {Reason.OPT_OUT, Reason.ERASURE}:
        row.reason = reason
        row.save(update_fields=["reason"])
    standing = Standing.BOUNCED if reason is Reason.BOUNCE else Standing.OPTED_OUT
    if not covers_domain:
        Lead.objects.filter(email_index=index).exclude(standing=Standing.OPTED_OUT).update(standing=standing)
    record(Event.ADDRESS_SUPPRESSED, by=by, about=row, reason=reason.value)
    return row
