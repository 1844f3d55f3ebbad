"""Enrichment: asked lead by lead; applied by a person, never over what is there.

    asking -> found | partial | notfound | notasked | badkey | quotaexceeded | ratelimited | unavailable

This module is the only door to the adapters: every call to a provider passes `claim`, which begins with the
opt-in's row. A question is a row before it leaves, so that a quota counts what may have been paid for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.actions import NOTHING, use
from keychain.index import blind_index
from keychain.models import Credential
from leads.actions.sources import candidates, keep_people
from leads.enrichment.apollo import Apollo
from leads.enrichment.directory_csv import Directory
from leads.enrichment.directory_http import DirectoryHttp
from leads.enrichment.edge import (
    BadKey,
    Found,
    Outcome,
    Partial,
    Provider,
    Question,
    QuotaExceeded,
    RateLimited,
)
from leads.enrichment.indiamart import LONGEST, PAUSE, Enquiries, IndiaMart
from leads.enrichment.reach import reachable
from leads.enrichment.rocketreach import RocketReach
from leads.enrichment.zoominfo import ZoomInfo
from leads.errors import LeadsError
from leads.indexing import indexes
from leads.loading import store
from leads.mapping import spoken
from leads.models import Bulk, Enrichment, EnrichmentOptIn, Lead, Source
from leads.profile import Policy, Profile, merge
from leads.vocabulary import Target

ASKING = "asking"
NO_ANSWER = "No answer has come; the worker may have been stopped while it waited."
FREE_OF_CHARGE = ["notasked", "ratelimited", "badkey"]
OVERLAP = timedelta(minutes=10)


class NotOptedIn(LeadsError):
    """No owner has opted in to this provider."""


class NotNow(LeadsError):
    """The month's questions are used up."""


class Paused(NotNow):
    """The provider asked for a pause, until then."""

    def __init__(self, sentence: str, until: datetime) -> None:
        super().__init__(sentence)
        self.until = until


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that is a row already, and has not left."""

    opt_in: EnrichmentOptIn
    row: Enrichment
    question: Question


def ask(lead: Lead, opt_in_id: UUID, *, by: Actor) -> Enrichment:
    """Ask about the lead and keep what came back, unapplied. Raises `NotOptedIn` and `NotNow`.

    It waits for the network, so no transaction may be open.
    """
    return put(claim(lead, opt_in_id, by=by), by=by)


@transaction.atomic
def claim(lead: Lead, opt_in_id: UUID, *, by: Actor, job: Bulk | None = None) -> Asking:
    """The question as a row, before it leaves; the lock on the opt-in makes the quota exact."""
    rows = EnrichmentOptIn.objects.select_for_update(of=["self"]).select_related("credential")
    row = rows.filter(pk=opt_in_id).first()
    if row is None:
        raise NotOptedIn("No owner has opted in to this provider, so it was not asked.")
    _may_ask(row)
    question = question_about(lead)
    kept = Enrichment(lead=lead, provider=row.source, outcome=ASKING, sentence=NO_ANSWER, asked_by=by.id)
    said = {name: value for name, value in asdict(question).items() if value and name != "phone"}
    kept.asked = said if leaves(row) else {}
    kept.fields, kept.job = {}, job
    kept.save(force_insert=True)
    return Asking(row, kept, question)


def put(asking: Asking, *, by: Actor) -> Enrichment:
    """Let the question leave, and settle its row. No transaction may be open."""
    return _settle(asking.opt_in, asking.row, _asked(asking.opt_in, asking.question), by)


def _may_ask(row: EnrichmentOptIn) -> None:
    now, who = timezone.now(), row.source.label
    if row.wait_until and row.wait_until > now:
        seconds = (row.wait_until - now).total_seconds()
        raise Paused(f"{who} asked for a pause. Ask again in {seconds:.0f} seconds.", row.wait_until)
    if left_this_month(row) == 0:
        raise NotNow(
            f"The {row.most_a_month:,} questions to {who} that an owner allowed this month are used up."
        )


def asked_this_month(row: EnrichmentOptIn) -> int:
    """Questions since the first of the month that the provider may have counted."""
    first = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    asked = Enrichment.objects.filter(provider=row.source, at__gte=first)
    return asked.exclude(outcome__in=FREE_OF_CHARGE).count()


def left_this_month(row: EnrichmentOptIn) -> int | None:
    """Questions that an owner still allows this month; None where no owner set a number."""
    return None if row.most_a_month is None else max(0, row.most_a_month - asked_this_month(row))


def leaves(row: EnrichmentOptIn) -> bool:
    """Whether a question leaves this system; sources that are read as a whole are looked into here."""
    return row.source not in {Source.FILE, Source.INDIAMART}


def _asked(row: EnrichmentOptIn, question: Question) -> Outcome:
    if row.credential is None:
        return Directory(tuple(candidates(row, question))).find(question)
    if row.source is Source.INDIAMART:
        trouble = _fetch_enquiries(row, row.credential)
        return trouble or Enquiries(tuple(candidates(row, question))).find(question)
    return provider_of(row.source, row.credential).ask(question, use(row.credential))


def provider_of(source: Source, credential: Credential) -> Provider:
    """The adapter, which an opt-in's row is the only way to."""
    if source is Source.DIRECTORY:
        return DirectoryHttp(str(credential.endpoint), reachable)
    if source is Source.APOLLO:
        return Apollo()
    return RocketReach() if source is Source.ROCKETREACH else ZoomInfo()


def enquiries_of(start: datetime, end: datetime, credential: Credential) -> Enquiries | Outcome:
    """What IndiaMART lists of that time."""
    return IndiaMart().pull(start, end, credential.secret or NOTHING)


def _fetch_enquiries(row: EnrichmentOptIn, credential: Credential) -> Outcome | None:
    """Read the enquiries that are new, no more often than the vendor allows; what went wrong, or None."""
    now, was = timezone.now(), row.fetched_at
    fresh = Q(fetched_at=None) | Q(fetched_at__lt=now - timedelta(seconds=PAUSE))
    if not EnrichmentOptIn.objects.filter(fresh, pk=row.pk).update(fetched_at=now):
        return None
    start = max(was - OVERLAP, now - LONGEST) if was else now - LONGEST
    pulled = enquiries_of(start, now, credential)
    if not isinstance(pulled, Enquiries):
        # Unread, so the next question reads that time again; the pause, if one is due, is `wait_until`.
        EnrichmentOptIn.objects.filter(pk=row.pk).update(fetched_at=was)
        return pulled
    row.fetched_at = now
    with transaction.atomic():
        keep_people(row, pulled.people)
    return None


def question_about(lead: Lead) -> Question:
    """What leaves: no more than what providers identify a person by. The phone is compared here only."""
    said = Profile.from_dict(lead.profile).fields
    return Question(
        email=lead.email,
        first_name=said.get(Target.FIRST_NAME, ""),
        last_name=said.get(Target.LAST_NAME, ""),
        company=said.get(Target.COMPANY, ""),
        linkedin=said.get(Target.LINKEDIN, ""),
        phone=said.get(Target.PHONE, ""),
    )


@transaction.atomic
def _settle(row: EnrichmentOptIn, kept: Enrichment, outcome: Outcome, by: Actor) -> Enrichment:
    kept.outcome, kept.sentence = type(outcome).__name__.lower()[:16], outcome.sentence
    if isinstance(outcome, Found | Partial):
        fields = {target: value for target, value in outcome.fields.items() if target is not Target.EMAIL}
        kept.fields = {target.value: value for target, value in fields.items()}
        kept.credits = outcome.credits
    kept.save(update_fields=["outcome", "sentence", "fields", "credits"])
    if isinstance(outcome, RateLimited):
        until = timezone.now() + timedelta(seconds=outcome.retry_after)
        EnrichmentOptIn.objects.filter(pk=row.pk).update(wait_until=until)
    if row.credential is not None:
        problem = outcome.sentence[:300] if isinstance(outcome, BadKey | QuotaExceeded) else ""
        Credential.objects.filter(pk=row.credential.pk).update(problem=problem, used_at=timezone.now())
    record(Event.ENRICHMENT_ASKED, by=by, about=kept.lead, provider=kept.provider, action=kept.outcome)
    return kept


@dataclass(frozen=True, slots=True)
class Proposal:
    """One field of an answer beside what the lead says now."""

    field: str
    label: str
    now: str
    found: str

    @property
    def is_new(self) -> bool:
        return not self.now

    @property
    def differs(self) -> bool:
        return bool(self.now) and self.now != self.found


def proposals(lead: Lead, answer: Enrichment) -> list[Proposal]:
    """What the answer would change, field by field; what says the same is left out."""
    known = Profile.from_dict(lead.profile).fields
    found = [(Target(name), str(value)) for name, value in answer.fields.items()]
    return [
        Proposal(target.value, spoken(target).capitalize(), known.get(target, ""), value)
        for target, value in found
        if known.get(target) != value
    ]


@transaction.atomic
def apply_answer(answer: Enrichment, fields: list[str], *, by: Actor) -> list[str]:
    """Take the named fields of an answer over; a field that is named replaces what is there.

    The page names the fields that are empty, and others only when a person ticks them.
    """
    lead = Lead.objects.select_for_update().get(pk=answer.lead_id)
    before = Profile.from_dict(lead.profile)
    taken = {Target(name): str(value) for name, value in answer.fields.items() if name in fields}
    merged, changed = merge(before, Profile(before.email, taken), Policy.OVERWRITE)
    at = timezone.now()
    if changed:
        come = {"by": "enrichment", "from": answer.provider, "at": str(at)}
        lead.origins = {**(lead.origins or {}), **dict.fromkeys(sorted(changed), come)}
        store(lead, merged, indexes(merged, blind_index()), at=at)
        record(Event.LEADS_CHANGED, by=by, about=lead, action="enriched", fields=sorted(changed))
    answer.applied_at = at
    answer.save(update_fields=["applied_at"])
    return sorted(changed)


@transaction.atomic
def fill_in(job: UUID, leads: list[UUID], *, by: Actor) -> None:
    """What the answers that a job brought know and these leads lack; what a lead says already stays."""
    answers = Enrichment.objects.filter(job=job, applied_at=None, lead__in=leads)
    for answer in answers.select_related("lead"):
        lacking = [each.field for each in proposals(answer.lead, answer) if each.is_new]
        apply_answer(answer, lacking, by=by)
