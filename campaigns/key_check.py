"""What the keychain asks before it keeps a provider's key (`settings.KEY_CHECKS`)."""

from __future__ import annotations

from campaigns.llm import Provider
from campaigns.llm.edge import KeyOk, check_key
from campaigns.reach import address_of
from keychain.crypto.secret import Secret


def problem(kind: str, secret: Secret, endpoint: str | None) -> str:
    """What the provider has against the key, in a sentence; empty when it takes it."""
    outcome = check_key(Provider(kind), secret, endpoint, resolve=address_of)
    return "" if isinstance(outcome, KeyOk) else outcome.sentence
