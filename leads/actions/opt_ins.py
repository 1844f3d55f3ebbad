"""An owner's word that a provider may be asked, how often, and taking it back."""

from __future__ import annotations

from django.db import transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.actions import add_credential
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.errors import LeadsError
from leads.models import EnrichmentOptIn, Source

KEYED = [Source.APOLLO, Source.ROCKETREACH, Source.ZOOMINFO, Source.INDIAMART, Source.DIRECTORY]


@transaction.atomic
def opt_in(
    kind: Kind, secret: Secret, *, by: Actor, endpoint: str | None = None, most_a_month: int | None = None
) -> EnrichmentOptIn:
    """Allow a provider to be asked, with the workspace's own key. Raises `LeadsError`."""
    if kind.value not in KEYED:
        raise LeadsError("This is no source of facts about people.")
    if (kind is Kind.DIRECTORY) != bool(endpoint):
        raise LeadsError("A directory needs its address, and nothing else has one.")
    opt_out(Source(kind.value), by=by)
    credential = add_credential(kind, kind.label, secret, by=by, endpoint=endpoint)
    row = EnrichmentOptIn(credential=credential, most_a_month=most_a_month, opted_in_by=by.id)
    row.save(force_insert=True)
    record(Event.ENRICHMENT_CHANGED, by=by, about=row, provider=kind.value, is_on=True)
    return row


@transaction.atomic
def opt_out(source: Source, *, by: Actor) -> None:
    """Ask it no more: the opt-in goes, its key and what was read of it as a whole with it."""
    row = opt_in_of(source)
    if row is None:
        return
    key = row.credential
    row.delete()
    if key is not None:
        Credential.objects.filter(pk=key.pk).delete()
    record(Event.ENRICHMENT_CHANGED, by=by, provider=source.value, is_on=False)


def opt_in_of(source: str) -> EnrichmentOptIn | None:
    """The opt-in to that source, if there is one."""
    rows = EnrichmentOptIn.objects.select_related("credential")
    if source == Source.FILE:
        return rows.filter(credential=None).first()
    return rows.filter(credential__kind=source).first()
