"""What the public site states, as data: dated, so that a reader can tell how old a statement is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

CONTACT = "security@paitho.ai"
RELEASED = date(2026, 11, 24)
SECURITY_TXT_EXPIRES = datetime(2027, 5, 24, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """One category of what is stored."""

    name: str
    where: str
    sealed: str
    retention: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where we are with one standard; `since` is the day the statement was last checked."""

    name: str
    state: str
    text: str
    since: date = RELEASED


@dataclass(frozen=True, slots=True)
class SubProcessor:
    service: str
    used_for: str
    note: str


CATEGORIES = (
    Kept("Lead records", "your schema", "AES-256", "until you delete them"),
    Kept("Model provider keys", "keychain, under your own wrapped key", "AES-256", "until you remove them"),
    Kept("SMTP and IMAP credentials", "keychain", "AES-256", "until you remove them"),
    Kept("Mail, sent and received", "your schema", "AES-256: subject and text", "until you delete it"),
    Kept("Prompts and answers of models", "your schema", "AES-256", "policy: 90 days, then anonymised"),
    Kept("Audit log", "append-only table of your schema", "AES-256: the details", "policy: 12 months"),
)
STANDINGS = (
    Standing("SOC 2 Type 1", "in_progress", "The audit is under way. No report has been issued."),
    Standing("SOC 2 Type 2", "planned", "Follows Type 1, with an observation window of six months."),
    Standing(
        "GDPR",
        "compliant",
        "Our own statement; no certificate. Requests of data subjects are handled in 30 days.",
    ),
    Standing("Data processing addendum", "available", "With standard contractual clauses, on request."),
    Standing("HIPAA", "not_certified", "We are not a business associate. Write to us before any PHI."),
)
SUB_PROCESSORS = (
    SubProcessor("Hosting", "Compute, network, block storage", "Provider not chosen yet; EU or US"),
    SubProcessor(
        "Transactional mail", "Verification, resets, notices", "Provider not chosen yet; never prospects"
    ),
    SubProcessor("Error tracking", "Stack traces and timings", "Sentry is intended"),
    SubProcessor("Model providers", "Drafts and qualification", "OpenAI, Anthropic, Google: your accounts"),
    SubProcessor("Enrichment", "Contact details", "Your provider's key; off until you enable one"),
)
