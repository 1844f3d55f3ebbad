"""The mail providers of providers.toml, found by an address's domain or by its MX hosts."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from mailbox.account import Security


class SignIn(StrEnum):
    """What the provider accepts from a mail program."""

    PASSWORD = "password"  # noqa: S105  the name of a method
    APP_PASSWORD = "app_password"  # noqa: S105  likewise
    OAUTH_OR_APP_PASSWORD = "oauth_or_app_password"  # noqa: S105  likewise
    OAUTH = "oauth"
    NONE = "none"


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    security: Security


@dataclass(frozen=True)
class Limits:
    """What one mailbox may send; None where the provider does not say."""

    per_day: int | None = None
    per_minute: int | None = None
    connections: int | None = None


@dataclass(frozen=True)
class Provider:
    """One entry of the table; `smtp` and `imap` are None where mail programs cannot connect."""

    name: str
    domains: tuple[str, ...]
    mx: tuple[str, ...]
    smtp: Server | None
    imap: Server | None
    sign_in: SignIn
    stores_sent: bool
    limits: Limits
    note: str


def provider_of(entry: dict[str, Any]) -> Provider:
    starttls = Server(entry.get("smtp", ""), 587, Security.STARTTLS)
    tls = Server(entry.get("smtp", ""), 465, Security.TLS)
    return Provider(
        name=entry["name"],
        domains=tuple(entry.get("domains", ())),
        mx=tuple(entry.get("mx", ())),
        smtp=(starttls if entry.get("starttls") else tls) if "smtp" in entry else None,
        imap=Server(entry["imap"], 993, Security.TLS) if "imap" in entry else None,
        sign_in=SignIn(entry.get("sign_in", "password")),
        stores_sent=entry.get("stores_sent", False),
        limits=Limits(entry.get("per_day"), entry.get("per_minute"), entry.get("connections")),
        note=entry.get("note", ""),
    )


TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PROVIDERS = tuple(provider_of(entry) for entry in TABLE["provider"])
BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def by_mx(host: str) -> Provider | None:
    """The provider that the MX host belongs to."""
    host = host.lower().removesuffix(".")
    for provider in PROVIDERS:
        if any(host == ending or host.endswith(f".{ending}") for ending in provider.mx):
            return provider
    return None
