"""Writes to single leads: facts by hand, labels, deletion with what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.index import blind_index
from leads.addresses import address
from leads.errors import LeadsError
from leads.indexing import indexes
from leads.loading import store
from leads.models import Bulk, Label, LabelKind, Labelled, Lead, Standing, Suppression
from leads.profile import CUSTOM_LENGTH, NAME_LENGTH, VALUE_LENGTH, Profile, clean
from leads.vocabulary import Target
from paitho.lib.text import tidy


class AddressTaken(LeadsError):
    """Another lead has this address."""


def profile_of(email: str, values: Mapping[str, str]) -> Profile:
    """The profile that a form's values make; `custom.<name>` is a custom field. Raises `BadAddress`."""
    named = {t: clean(values.get(t.value, ""), VALUE_LENGTH) for t in Target if t is not Target.EMAIL}
    custom = {
        tidy(name.removeprefix("custom."), NAME_LENGTH): clean(value, CUSTOM_LENGTH)
        for name, value in values.items()
        if name.startswith("custom.")
    }
    return Profile(
        address(email).email,
        {target: value for target, value in named.items() if value},
        {name: value for name, value in custom.items() if value},
    )


@transaction.atomic
def add_lead(profile: Profile, *, by: Actor) -> Lead:
    """A lead by hand. Raises `AddressTaken`, also for an address that is suppressed."""
    blind = blind_index()
    found = indexes(profile, blind)
    if Lead.objects.filter(email_index=found.email).exists():
        raise AddressTaken("A lead with this address is already here.")
    if Suppression.objects.filter(index=found.email, covers_domain=False).exists():
        raise AddressTaken("This address is suppressed: nobody here may write to it.")
    at = timezone.now()
    come = {"by": "member", "from": str(by.id), "at": str(at)}
    lead = Lead(profile=profile.to_dict(), origins=dict.fromkeys(fields_of(profile), come))
    lead.email_index, lead.domain_index, lead.words = found
    lead.created_at = lead.updated_at = at
    if Suppression.objects.filter(index=found.domain, covers_domain=True).exists():
        lead.standing = Standing.SUPPRESSED
    lead.save(force_insert=True)
    record(Event.LEADS_CHANGED, by=by, about=lead, action="added")
    return lead


@transaction.atomic
def change_lead(lead: Lead, profile: Profile, *, by: Actor) -> list[str]:
    """Set the facts; the address stays what it is. Returns the names of the fields that changed."""
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    before, after = fields_of(Profile.from_dict(lead.profile)), fields_of(profile)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    if not changed:
        return []
    at = timezone.now()
    come = {"by": "member", "from": str(by.id), "at": str(at)}
    kept = {name: origin for name, origin in (lead.origins or {}).items() if name in after}
    lead.origins = {**kept, **{name: come for name in changed if name in after}}
    store(lead, profile, indexes(profile, blind_index()), at=at)
    record(Event.LEADS_CHANGED, by=by, about=lead, action="edited", fields=changed)
    return changed


def fields_of(profile: Profile) -> dict[str, str]:
    """Every fact but the address, by the name that origins use."""
    named = {target.value: value for target, value in profile.fields.items()}
    return {**named, **{f"custom.{name}": value for name, value in profile.custom.items()}}


def make_label(kind: LabelKind, name: str) -> Label:
    """The tag or list of that name; made when there is none. Raises `LeadsError` without a name."""
    if not (said := tidy(name, 60)):
        raise LeadsError(f"Give the {kind.label.lower()} a name.")
    return Label.objects.get_or_create(kind=kind, name=said)[0]


@transaction.atomic
def put_label_on(lead: Lead, label: Label, *, by: Actor) -> None:
    """Tag the lead, or put it on the list; once is enough."""
    if Labelled.objects.get_or_create(label=label, lead=lead)[1]:
        said = f"{label.get_kind_display().lower()} put on"
        record(Event.LEADS_CHANGED, by=by, about=lead, action=said, label=label.name)


@transaction.atomic
def take_label_off(lead: Lead, label: Label, *, by: Actor) -> None:
    if Labelled.objects.filter(label=label, lead=lead).delete()[0]:
        said = f"{label.get_kind_display().lower()} taken off"
        record(Event.LEADS_CHANGED, by=by, about=lead, action=said, label=label.name)


def label_leads(label: Label, leads: list[UUID], job: Bulk | None = None) -> None:
    """Label many; the job that does it has one audit line for all, and each lead's history names it."""
    rows = [Labelled(label=label, lead_id=pk, job=job) for pk in leads]
    Labelled.objects.bulk_create(rows, ignore_conflicts=True)


def unlabel_leads(label: Label, leads: list[UUID]) -> None:
    Labelled.objects.filter(label=label, lead__in=leads).delete()


@transaction.atomic
def delete_lead(lead: Lead, *, by: Actor) -> None:
    """The lead and all that hangs on it: conversations, drafts, and the texts of model logs."""
    record(Event.LEADS_DELETED, by=by, about=lead, leads=1)
    delete_leads([lead.pk])


def delete_leads(leads: list[UUID]) -> None:
    Lead.objects.filter(pk__in=leads).delete()
