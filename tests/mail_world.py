"""Mailboxes and threads for tests: rows as the product writes them, without a server behind them."""

from __future__ import annotations

from django.utils import timezone

from keychain.crypto.secret import Secret
from keychain.index import blind_index
from keychain.models import Credential, Kind
from leads.indexing import indexes
from leads.models import Lead
from leads.profile import Profile
from leads.vocabulary import Target
from mailbox.models import Mailbox, Thread


def a_mailbox(address: str = "sales@acme.sandbox", *, smtp_port: int = 1, imap_port: int = 1) -> Mailbox:
    secret = Credential(kind=Kind.MAILBOX, label=address, secret=Secret("sandbox"))
    secret.save()
    mailbox = Mailbox(
        address=address,
        sender_name="Olga of Acme",
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_security="plain",
        imap_host="127.0.0.1",
        imap_port=imap_port,
        imap_security="plain",
        username=address,
        credential=secret,
        gap_seconds=0,
        daily_cap=1000,
        sent_read_at=timezone.now(),
    )
    mailbox.save()
    return mailbox


def a_lead(email: str = "ada@engines.test", **fields: str) -> Lead:
    profile = Profile(email, {Target(name): value for name, value in fields.items()})
    found = indexes(profile, blind_index())
    lead = Lead(
        profile=profile.to_dict(), email_index=found.email, domain_index=found.domain, words=found.words
    )
    lead.save()
    return lead


def a_thread(mailbox: Mailbox | None = None, lead: Lead | None = None) -> Thread:
    thread = Thread(mailbox=mailbox or a_mailbox(), lead=lead or a_lead(first_name="Ada", company="Engines"))
    thread.save()
    return thread


def leads_of(addresses: list[str]) -> list[Lead]:
    """Many leads, in a few statements."""
    blind = blind_index()
    leads = []
    for address in addresses:
        profile = Profile(address, {})
        found = indexes(profile, blind)
        values = {"email_index": found.email, "domain_index": found.domain, "words": found.words}
        leads.append(Lead(profile=profile.to_dict(), **values))
    return Lead.objects.bulk_create(leads, batch_size=1000)
