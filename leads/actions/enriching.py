"""Enrichment of many leads: asked one after the other in the background, taken over when a person says so.

Nobody who may not be written to is asked about, and nobody twice: what a provider has answered, or may have
been paid for, is not asked of it again. The opt-in, its monthly number and a provider's pause hold as ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from leads.actions.bulk import NothingChosen, asker, chosen
from leads.actions.enrichment import (
    ASKING,
    Asking,
    NotNow,
    NotOptedIn,
    Paused,
    apply_answer,
    claim,
    leaves,
    left_this_month,
    put,
)
from leads.actions.opt_ins import opt_in_of
from leads.errors import LeadsError
from leads.models import Bulk, BulkAction, Enrichment, EnrichmentOptIn, Lead, Standing
from tenants import bells

SLICE_SECONDS = 5.0
ANSWERED = [ASKING, "found", "partial", "notfound", "notasked"]
ENDS = ["badkey", "quotaexceeded"]  # whoever is asked next would hear the same
PATIENCE = 5  # questions in a row without an answer


@dataclass(frozen=True, slots=True)
class Cost:
    """What asking one source about the chosen leads would come to, at most."""

    opt_in: EnrichmentOptIn
    leads: int
    left: int | None

    @property
    def at_most(self) -> int:
        return self.leads if self.left is None else min(self.leads, self.left)

    @property
    def leaves(self) -> bool:
        return leaves(self.opt_in)

    @property
    def is_short(self) -> bool:
        return self.at_most < self.leads


def to_be_asked(leads: QuerySet[Lead], source: str) -> QuerySet[Lead]:
    """Those who may be written to and of whom the source has not been asked."""
    asked = Enrichment.objects.filter(lead=OuterRef("pk"), provider=source, outcome__in=ANSWERED)
    return leads.filter(standing=Standing.OPEN).exclude(Exists(asked))


def cost_of(leads: QuerySet[Lead], opt_in: EnrichmentOptIn) -> Cost:
    return Cost(opt_in, to_be_asked(leads, opt_in.source).count(), left_this_month(opt_in))


@transaction.atomic
def begin_enriching(source: str, choice: dict[str, Any], *, by: Actor) -> Bulk:
    """Begin to ask about the leads that the choice names now. Raises `NotOptedIn` and `NothingChosen`."""
    opt_in = opt_in_of(source)
    if opt_in is None:
        raise NotOptedIn("No owner has opted in to this provider, so it is not asked.")
    leads = to_be_asked(chosen(choice), source)
    newest = leads.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        raise NothingChosen("There is nobody to ask about: they were asked about before, or are suppressed.")
    job = Bulk(action=BulkAction.ENRICH, source=source, choice=choice, until=newest, started_by=by.id)
    job.total, job.actor = leads.count(), {"name": by.name, "ip": by.ip}
    job.save(force_insert=True)
    record(Event.ENRICHMENT_ASKED, by=by, about=job, provider=source, leads=job.total)
    bells.ring("enrich")
    return job


def enrich_slice() -> datetime | None:
    """Some seconds of each job; comes back at once while there is one, or when a provider's pause ends."""
    jobs = Bulk.objects.filter(action=BulkAction.ENRICH, finished_at=None).order_by("created_at")
    return min((ask_on(job, time.monotonic() + SLICE_SECONDS) for job in jobs[:3]), default=None)


def ask_on(job: Bulk, until: float) -> datetime:
    """Ask about one lead after the other until the time is up; says when to go on."""
    by, silent = asker(job), 0
    while time.monotonic() < until:
        try:
            asking = take_next(job.pk, by=by)
        except Paused as pause:
            return pause.until
        except (NotNow, NotOptedIn) as error:
            end(job, str(error))
            break
        if asking is None:
            break
        answer = put(asking, by=by)
        silent = silent + 1 if answer.outcome == "unavailable" else 0
        settle(job, answer)
        if answer.outcome in ENDS or silent >= PATIENCE:
            end(job, answer.sentence)
            break
    return timezone.now()


@transaction.atomic
def take_next(pk: UUID, *, by: Actor) -> Asking | None:
    """The next lead's question as a row, and the checkpoint behind it, in one commit; None at the end."""
    job = Bulk.objects.select_for_update().get(pk=pk)
    opt_in = opt_in_of(job.source)
    if job.finished_at is not None:
        return None
    if opt_in is None:
        raise NotOptedIn("An owner has switched this provider off.")
    rest = to_be_asked(chosen(job.choice), job.source).filter(pk__lte=job.until)
    lead = (rest.filter(pk__gt=job.after) if job.after else rest).order_by("pk").first()
    if lead is None:
        job.finished_at = timezone.now()
        job.save(update_fields=["finished_at"])
        return None
    asking = claim(lead, opt_in.pk, by=by, job=job)
    job.after, job.done = lead.pk, job.done + 1
    job.save(update_fields=["after", "done"])
    return asking


@transaction.atomic
def settle(job: Bulk, answer: Enrichment) -> None:
    """Count the answer; a lead that was turned away for too many questions is asked about again."""
    row = Bulk.objects.filter(pk=job.pk)
    if answer.fields:
        row.update(found=F("found") + 1)
    elif answer.outcome == "ratelimited":
        before = Enrichment.objects.filter(job=job, lead__lt=answer.lead_id).order_by("-lead")
        after = before.values_list("lead", flat=True).first()
        row.filter(after=answer.lead_id).update(after=after, done=F("done") - 1)


@transaction.atomic
def end(job: Bulk, problem: str) -> None:
    """It cannot go on: what was answered stays."""
    rest = Bulk.objects.filter(pk=job.pk, finished_at=None)
    rest.update(finished_at=timezone.now(), problem=problem[:300])


def waiting_answers(job: Bulk) -> QuerySet[Enrichment]:
    """What the job brought and nobody has taken over, in the order of the leads."""
    rows = Enrichment.objects.filter(job=job, applied_at=None, outcome__in=["found", "partial"])
    return rows.select_related("lead").order_by("lead", "pk")


@transaction.atomic
def apply_ticked(job: Bulk, ticked: list[str], *, by: Actor) -> int:
    """Take over the fields that are named as `<answer>:<field>`; returns how many leads changed."""
    fields: dict[str, list[str]] = {}
    for each in ticked:
        answer, _, name = each.partition(":")
        fields.setdefault(answer, []).append(name)
    rows = [row for row in waiting_answers(job) if str(row.pk) in fields]
    return sum(bool(apply_answer(row, fields[str(row.pk)], by=by)) for row in rows)


@transaction.atomic
def begin_applying(job: Bulk, *, by: Actor) -> Bulk:
    """Fill in, for all leads of the job, what they lack; what they say already stays. Raises `LeadsError`."""
    waiting = waiting_answers(job)
    newest = waiting.order_by("-lead").values_list("lead", flat=True).first()
    if newest is None:
        raise LeadsError("Every answer was taken over, or there was none.")
    made = Bulk(action=BulkAction.APPLY, source=job.source, choice={"answers_of": str(job.pk)}, until=newest)
    made.total, made.started_by = waiting.values("lead").distinct().count(), by.id
    made.actor = {"name": by.name, "ip": by.ip}
    made.save(force_insert=True)
    record(Event.LEADS_CHANGED, by=by, about=made, action="answers taken over", leads=made.total)
    bells.ring("bulk")
    return made
