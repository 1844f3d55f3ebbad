"""Enrichment: off until an owner opts in; asked lead by lead; applied by a person, never over what is there.

This module is the only door to the adapters: every call to a provider passes `ask`, and `ask` begins with the
opt-in's row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.actions import add_credential
from keychain.crypto.secret import Secret
from keychain.index import blind_index
from keychain.models import Credential, Kind
from leads.enrichment.apollo import Apollo
from leads.enrichment.directory_http import DirectoryHttp
from leads.enrichment.edge import Found, Outcome, Partial, Provider, Question
from leads.enrichment.reach import reachable
from leads.enrichment.rocketreach import RocketReach
from leads.enrichment.zoominfo import ZoomInfo
from leads.errors import LeadsError
from leads.indexing import indexes
from leads.loading import store
from leads.mapping import spoken
from leads.models import Enrichment, EnrichmentOptIn, Lead
from leads.profile import Policy, Profile, merge
from leads.vocabulary import Target

OFFERED = [Kind.APOLLO, Kind.ROCKETREACH, Kind.ZOOMINFO, Kind.DIRECTORY]


class NotOptedIn(LeadsError):
    """No owner has opted in to this provider."""


@transaction.atomic
def opt_in(kind: Kind, secret: Secret, *, by: Actor, endpoint: str | None = None) -> EnrichmentOptIn:
    """Allow a provider to be asked, with the workspace's own key. Raises `LeadsError`."""
    if kind not in OFFERED:
        raise LeadsError("This provider cannot be asked about a single person.")
    if (kind is Kind.DIRECTORY) != bool(endpoint):
        raise LeadsError("A directory needs its address, and nothing else has one.")
    opt_out(kind, by=by)
    credential = add_credential(kind, kind.label, secret, by=by, endpoint=endpoint)
    row = EnrichmentOptIn(credential=credential, opted_in_by=by.id)
    row.save(force_insert=True)
    record(Event.ENRICHMENT_CHANGED, by=by, about=row, provider=kind.value, is_on=True)
    return row


@transaction.atomic
def opt_out(kind: Kind, *, by: Actor) -> None:
    """Ask this provider no more: the opt-in goes, and its key with it."""
    rows = EnrichmentOptIn.objects.filter(credential__kind=kind)
    keys = list(rows.values_list("credential_id", flat=True))
    if not keys:
        return
    rows.delete()
    Credential.objects.filter(pk__in=keys).delete()
    record(Event.ENRICHMENT_CHANGED, by=by, provider=kind.value, is_on=False)


def ask(lead: Lead, opt_in_id: UUID, *, by: Actor) -> Enrichment:
    """Ask about the lead and keep what came back, unapplied. Raises `NotOptedIn`.

    It waits for the network, so no transaction may be open.
    """
    row = EnrichmentOptIn.objects.select_related("credential").filter(pk=opt_in_id).first()
    if row is None:
        raise NotOptedIn("No owner has opted in to this provider, so it was not asked.")
    question = question_about(lead)
    outcome = provider_of(row).ask(question, row.credential.secret)
    return _keep(lead, row, question, outcome, by)


def provider_of(row: EnrichmentOptIn) -> Provider:
    """The adapter, which an opt-in's row is the only way to."""
    kind = Kind(row.credential.kind)
    if kind is Kind.DIRECTORY:
        return DirectoryHttp(str(row.credential.endpoint), reachable)
    if kind is Kind.APOLLO:
        return Apollo()
    return RocketReach() if kind is Kind.ROCKETREACH else ZoomInfo()


def question_about(lead: Lead) -> Question:
    """What leaves: no more than what providers identify a person by."""
    said = Profile.from_dict(lead.profile).fields
    return Question(
        email=lead.email,
        first_name=said.get(Target.FIRST_NAME, ""),
        last_name=said.get(Target.LAST_NAME, ""),
        company=said.get(Target.COMPANY, ""),
        linkedin=said.get(Target.LINKEDIN, ""),
    )


@transaction.atomic
def _keep(lead: Lead, row: EnrichmentOptIn, question: Question, outcome: Outcome, by: Actor) -> Enrichment:
    fields = outcome.fields if isinstance(outcome, Found | Partial) else {}
    kept = Enrichment(
        lead=lead,
        provider=row.credential.kind,
        outcome=type(outcome).__name__.lower()[:16],
        sentence=outcome.sentence,
        asked={name: value for name, value in asdict(question).items() if value},
        fields={target.value: value for target, value in fields.items() if target is not Target.EMAIL},
        credits=outcome.credits if isinstance(outcome, Found | Partial) else None,
        asked_by=by.id,
    )
    kept.save(force_insert=True)
    record(Event.ENRICHMENT_ASKED, by=by, about=lead, provider=kept.provider, action=kept.outcome)
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
