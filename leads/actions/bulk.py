"""One action over a selection or a whole filter, in batches with a checkpoint, in the background."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from leads.actions.enrichment import fill_in
from leads.actions.people import delete_leads, label_leads, unlabel_leads
from leads.actions.suppression import suppress_index
from leads.errors import LeadsError
from leads.filtering import Filter
from leads.models import Bulk, BulkAction, Enrichment, Label, Lead, Reason
from tenants import bells

SLICE_SECONDS = 5.0
BATCH = 500
MOST_PICKED = 1000


class NothingChosen(LeadsError):
    """The action has no leads."""


def chosen(choice: dict[str, Any]) -> QuerySet[Lead]:
    """The leads of `{"ids": …}`, of `{"filter": …}`, or of `{"answers_of": job}`: with answers to be seen."""
    if "answers_of" in choice:
        waiting = Enrichment.objects.filter(job=choice["answers_of"], applied_at=None)
        return Lead.objects.filter(pk__in=waiting.values("lead"))
    if "ids" in choice:
        return Lead.objects.filter(pk__in=choice["ids"][:MOST_PICKED])
    return Filter.of(choice["filter"]).leads()


@transaction.atomic
def begin_bulk(action: BulkAction, choice: dict[str, Any], *, by: Actor, label: Label | None = None) -> Bulk:
    """Begin the action on the leads that the choice names now. Raises `NothingChosen`."""
    leads = chosen(choice)
    total = leads.count()
    newest = leads.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        raise NothingChosen("No lead is chosen. Select some, or loosen the filter.")
    job = Bulk(action=action, label=label, choice=choice, until=newest, total=total, started_by=by.id)
    job.actor = {"name": by.name, "ip": by.ip}
    job.save(force_insert=True)
    event = Event.LEADS_DELETED if action == BulkAction.DELETE else Event.LEADS_CHANGED
    record(event, by=by, about=job, action=str(action), leads=total, label=str(label or ""))
    bells.ring("bulk")
    return job


def bulk_slice() -> datetime | None:
    """Some seconds of the oldest unfinished action; due again at once while there is one."""
    rows = Bulk.objects.filter(finished_at=None).exclude(action=BulkAction.ENRICH)
    job = rows.order_by("created_at").first()
    if job is None:
        return None
    until = time.monotonic() + SLICE_SECONDS
    while bulk_batch(job.pk) and time.monotonic() < until:
        continue
    return timezone.now()


@transaction.atomic
def bulk_batch(pk: UUID) -> bool:
    """Do the next batch and set the checkpoint after it, in one commit; False when none is left."""
    job = Bulk.objects.select_for_update(of=["self"]).select_related("label").get(pk=pk)
    if job.finished_at is not None:
        return False
    rest = chosen(job.choice).filter(pk__lte=job.until)
    if job.after is not None:
        rest = rest.filter(pk__gt=job.after)
    leads = list(rest.order_by("pk").only("pk", "email_index", "domain_index")[:BATCH])
    if leads:
        act(job, leads)
        job.after, job.done = leads[-1].pk, job.done + len(leads)
    else:
        job.finished_at = timezone.now()
    job.save(update_fields=["after", "done", "finished_at"])
    return bool(leads)


def asker(job: Bulk) -> Actor:
    """The member who began the job."""
    return Actor(job.started_by, job.actor["name"], job.actor["ip"])


def act(job: Bulk, leads: list[Lead]) -> None:
    by = asker(job)
    ids = [lead.pk for lead in leads]
    if job.action == BulkAction.DELETE:
        delete_leads(ids)
    elif job.action == BulkAction.SUPPRESS:
        for lead in leads:
            suppress_index(bytes(lead.email_index), Reason.BY_HAND, by=by)
    elif job.action == BulkAction.APPLY:
        fill_in(UUID(job.choice["answers_of"]), ids, by=by)
    elif job.label is not None and job.action == BulkAction.LABEL:
        label_leads(job.label, ids, job)
    elif job.label is not None:
        unlabel_leads(job.label, ids)
