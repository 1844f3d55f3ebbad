"""Where the mail servers of an address probably are, so that most people need not know.

A provider known by the domain, then by its MX hosts, then what the domain publishes itself (SRV, RFC 6186 and
RFC 8314), then the customary names. It is a proposal: the live test and the guard decide.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.resolver
from dns.resolver import Resolver

from mailbox.account import Security
from mailbox.providers import BY_DOMAIN, Provider, Server, SignIn, by_mx
from paitho.lib.text import NotAnAddress, normalise_domain

PATIENCE = 8.0  # seconds for all questions together
ONE_QUESTION = 3.0
LOOKUP_FAILURES = (dns.exception.DNSException,)

SMTP_SRV = (("_submissions._tcp", Security.TLS), ("_submission._tcp", Security.STARTTLS))
IMAP_SRV = (("_imaps._tcp", Security.TLS), ("_imap._tcp", Security.STARTTLS))
SMTP_NAMES = ("smtp", "mail")
IMAP_NAMES = ("imap", "mail")


class Source(StrEnum):
    """How we know."""

    PROVIDER = "provider"
    MX = "mx"
    SRV = "srv"
    CUSTOM = "custom"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Guess:
    """A proposal for the connect page; servers are None where there is nothing to propose."""

    smtp: Server | None
    imap: Server | None
    source: Source
    sign_in: SignIn = SignIn.PASSWORD
    provider: Provider | None = None
    note: str = ""

    @property
    def needs_oauth(self) -> bool:
        """Passwords are gone there."""
        return self.sign_in is SignIn.OAUTH


class Names:
    """DNS questions that together take no longer than PATIENCE; no answer is an empty one."""

    def __init__(self, resolver: Resolver | None) -> None:
        self.resolver = resolver
        self.deadline = time.monotonic() + PATIENCE

    def ask(self, name: str, kind: str) -> list[str]:
        left = min(ONE_QUESTION, self.deadline - time.monotonic())
        if left <= 0:
            return []
        try:
            resolver = self.resolver or dns.resolver.get_default_resolver()
            answer = resolver.resolve(f"{name}.", kind, lifetime=left)
        except LOOKUP_FAILURES:
            return []
        return [record.to_text() for record in answer]

    def mx(self, domain: str) -> list[str]:
        """MX hosts, the preferred one first."""
        records = (record.split() for record in self.ask(domain, "MX"))
        return [host for _, host in sorted((int(preference), host) for preference, host in records)]

    def srv(self, domain: str, services: Iterable[tuple[str, Security]]) -> Server | None:
        """The first service that the domain offers; the target `.` says that it does not."""
        for service, security in services:
            records = (record.split() for record in self.ask(f"{service}.{domain}", "SRV"))
            ranked = sorted(
                (int(rank), -int(weight), int(port), host) for rank, weight, port, host in records
            )
            if ranked and ranked[0][3] != ".":
                return Server(ranked[0][3].removesuffix("."), ranked[0][2], security)
        return None

    def first_existing(self, domain: str, names: Iterable[str]) -> str | None:
        hosts = (f"{name}.{domain}" for name in names)
        return next((host for host in hosts if self.ask(host, "A") or self.ask(host, "AAAA")), None)


def guess(address: str, *, resolver: Resolver | None = None) -> Guess:
    """Never raises: what is no address, or has no servers that we can find, gets an empty proposal."""
    try:
        domain = normalise_domain(address.rpartition("@")[2])
    except NotAnAddress:
        return Guess(None, None, Source.UNKNOWN, note="That is not an e-mail address.")
    if domain in BY_DOMAIN:
        return from_provider(BY_DOMAIN[domain], Source.PROVIDER)
    names = Names(resolver)
    for host in names.mx(domain):
        if provider := by_mx(host):
            return from_provider(provider, Source.MX)
    smtp, imap = names.srv(domain, SMTP_SRV), names.srv(domain, IMAP_SRV)
    if smtp and imap:
        return Guess(smtp, imap, Source.SRV)
    return customary(names, domain, smtp, imap)


def from_provider(provider: Provider, source: Source) -> Guess:
    return Guess(provider.smtp, provider.imap, source, provider.sign_in, provider, provider.note)


def customary(names: Names, domain: str, smtp: Server | None, imap: Server | None) -> Guess:
    if smtp is None and (host := names.first_existing(domain, SMTP_NAMES)):
        smtp = Server(host, 465, Security.TLS)
    if imap is None and (host := names.first_existing(domain, IMAP_NAMES)):
        imap = Server(host, 993, Security.TLS)
    if smtp is None and imap is None:
        return Guess(
            None, None, Source.UNKNOWN, note="We could not find the servers; your mail provider tells them."
        )
    return Guess(smtp, imap, Source.CUSTOM, note="These are the customary names; please check them.")
