"""What the keychain page reads. No secret is opened for it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from keychain.models import Credential, Kind

# Entered on this page; mailbox passwords and tokens are entered with their mailbox.
PROVIDERS = [Kind.OPENAI, Kind.ANTHROPIC, Kind.GOOGLE, Kind.COMPATIBLE, Kind.SANDBOX]
ENRICHMENT = [Kind.APOLLO, Kind.ROCKETREACH, Kind.ZOOMINFO, Kind.INDIAMART]
MAILBOXES = [Kind.MAILBOX, Kind.OAUTH]


def provider_keys() -> QuerySet[Credential]:
    return _listed().exclude(kind__in=MAILBOXES)


def mailbox_keys() -> QuerySet[Credential]:
    return _listed().filter(kind__in=MAILBOXES)


def provider_key(credential_id: UUID) -> Credential | None:
    return provider_keys().filter(pk=credential_id).first()


def _listed() -> QuerySet[Credential]:
    return Credential.objects.defer("secret").order_by("kind", "label")
