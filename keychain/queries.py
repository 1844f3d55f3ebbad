"""What the keychain page reads. No secret is opened for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.reverse_related import ForeignObjectRel

from accounts.models import Member
from keychain.models import OVER, Credential, KeyJob, Kind
from tenants import keys
from tenants.binding import current
from tenants.directory import wrapped_keys
from tenants.models import Purpose

# Entered on this page; mailbox passwords and tokens are entered with their mailbox.
PROVIDERS = [Kind.OPENAI, Kind.ANTHROPIC, Kind.GOOGLE, Kind.COMPATIBLE, Kind.SANDBOX]
ENRICHMENT = [Kind.APOLLO, Kind.ROCKETREACH, Kind.ZOOMINFO, Kind.INDIAMART]
MAILBOXES = [Kind.MAILBOX, Kind.OAUTH]


@dataclass(frozen=True, slots=True)
class Entry:
    """A credential on the page, and what works with it: ("campaign", "Spring") and the like."""

    key: Credential
    users: list[tuple[str, str]]

    @property
    def added_by(self) -> str:
        return str(getattr(self.key, "adder", None) or "")


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys that seal the workspace: who wraps them, which one is in use, and a change under way."""

    kms: str
    is_own: bool
    version: int
    job: KeyJob | None
    last: KeyJob | None


def provider_keys() -> QuerySet[Credential]:
    return _listed().exclude(kind__in=MAILBOXES)


def mailbox_keys() -> QuerySet[Credential]:
    return _listed().filter(kind__in=MAILBOXES)


def provider_key(credential_id: UUID) -> Credential | None:
    return provider_keys().filter(pk=credential_id).first()


def entries(listed: QuerySet[Credential]) -> list[Entry]:
    found = list(listed)
    users = users_of(key.pk for key in found)
    return [Entry(key, users.get(key.pk, [])) for key in found]


def users_of(ids: Iterable[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """What works with each credential. The floors above say so themselves, by their foreign keys."""
    wanted, found = list(ids), defaultdict(set)
    for relation in Credential._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        field, what = relation.field, relation.related_model._meta.verbose_name
        for row in relation.related_model._base_manager.filter(**{f"{field.name}__in": wanted}):
            found[getattr(row, field.attname)].add((str(what), str(row)))
    return {credential: sorted(users) for credential, users in found.items()}


def own_keys() -> OwnKeys:
    wraps = wrapped_keys(current().id)
    newest = max((key for key in wraps if key.purpose == Purpose.DATA), key=lambda key: key.version)
    is_own = newest.kms != keys.cell_kms().name
    jobs = KeyJob.objects.order_by("-created_at")
    return OwnKeys(
        kms=newest.kms if is_own else f"Paitho's key service, region {settings.REGION.upper()}",
        is_own=is_own,
        version=newest.version,
        job=jobs.exclude(state__in=OVER).first(),
        last=jobs.filter(state__in=OVER).first(),
    )


def _listed() -> QuerySet[Credential]:
    adder = Member.objects.filter(pk=OuterRef("added_by")).values("name")[:1]
    return Credential.objects.defer("secret").annotate(adder=Subquery(adder)).order_by("kind", "label")
