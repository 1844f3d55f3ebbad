"""Hosts of a workspace's own: claimed on its page, made its host by a TXT record, looked at again every day.

    claimed --the record is there--> verified --gone for a week--> dropped

The record stands at `_paitho.<host>` and holds what only this workspace was told, so a claim takes nothing
from anybody: two workspaces may claim one host, and who controls the name decides. A name that is sold, or
whose record is taken away, ends as a host of ours.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils import timezone
from dns.rdtypes.ANY.TXT import TXT
from dns.resolver import Resolver

from paitho.lib.text import NotAnAddress, normalise_domain
from tenants import directory
from tenants.errors import BoundaryError

LABEL = "_paitho"
PREFIX = "paitho-verify="
PATIENCE = 5.0
RECHECK = timedelta(days=1)


class BadHost(BoundaryError):
    """The host cannot be a workspace's; `str()` says why."""


class NotProved(BoundaryError):
    """The record is not there, or holds something else."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host of a workspace; `verified_at` is None while the record has not been seen."""

    host: str
    kind: str
    is_primary: bool
    proof: str
    verified_at: datetime | None
    checked_at: datetime | None
    missing_since: datetime | None

    @property
    def record_name(self) -> str:
        return f"{LABEL}.{self.host}"

    @property
    def record(self) -> str:
        return PREFIX + self.proof


def hosts_of(workspace: UUID) -> list[Host]:
    return [Host(*row) for row in directory.rows("SELECT * FROM public.domains_of(%s)", [workspace])]


def claim(workspace: UUID, host: str) -> str:
    """Say that `host` is the workspace's; returns its one spelling. Raises `BadHost`."""
    host = checked(host)
    proof = secrets.token_urlsafe(24)
    ((answer,),) = directory.rows("SELECT public.claim_domain(%s, %s, %s)", [workspace, host, proof])
    if answer == "taken":
        raise BadHost(f"{host} is a workspace's host already.")
    if answer == "too many":
        raise BadHost("Ten hosts are waiting to be verified. Verify or remove one of them first.")
    return host


def prove(workspace: UUID, host: str, *, resolver: Resolver | None = None) -> None:
    """Look the record up and make the host the workspace's. Raises `NotProved` or `BadHost`."""
    for shown in shown_at(host, resolver):
        ((answer,),) = directory.rows("SELECT public.prove_domain(%s, %s, %s)", [workspace, host, shown])
        if answer == "verified":
            return
        if answer == "taken":
            raise BadHost(f"{host} is another workspace's host. It has to be removed there first.")
    raise NotProved(
        f"No TXT record with this text was found at {LABEL}.{host}. A new record can take an hour to be seen."
    )


def drop(workspace: UUID, host: str) -> bool:
    """Give a claimed or verified host up; the slug's own host stays."""
    ((answer,),) = directory.rows("SELECT public.drop_domain(%s, %s)", [workspace, host])
    return bool(answer)


def prefer(workspace: UUID, host: str) -> bool:
    """Make a verified host the one that links in mails name."""
    ((answer,),) = directory.rows("SELECT public.prefer_domain(%s, %s)", [workspace, host])
    return bool(answer)


def recheck(workspace: UUID, *, resolver: Resolver | None = None) -> None:
    """Look again at the verified hosts' records, once a day; a name server that is silent decides nothing."""
    for host in hosts_of(workspace):
        if host.kind != "custom" or host.verified_at is None or not is_due(host):
            continue
        try:
            is_there = host.proof in shown_at(host.host, resolver, raises=True)
        except dns.exception.Timeout:
            continue
        directory.rows("SELECT public.recheck_domain(%s, %s, %s)", [workspace, host.host, is_there])


def is_due(host: Host) -> bool:
    return host.checked_at is None or host.checked_at <= timezone.now() - RECHECK


def shown_at(host: str, resolver: Resolver | None = None, *, raises: bool = False) -> list[str]:
    """What our TXT records at the host's name say. With `raises`, silence is told from there being none."""
    asked = resolver or dns.resolver.get_default_resolver()
    try:
        answer = asked.resolve(f"{LABEL}.{host}.", "TXT", lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.Timeout:
        if raises:
            raise
        return []
    except dns.exception.DNSException as error:
        if raises:
            raise dns.exception.Timeout from error
        return []
    texts = [b"".join(record.strings) for record in answer if isinstance(record, TXT)]
    shown = [text.decode("ascii", "replace").strip() for text in texts]
    return [text.removeprefix(PREFIX) for text in shown if text.startswith(PREFIX)]


def checked(host: str) -> str:
    """The one spelling of a host that a workspace may have. Raises `BadHost`."""
    try:
        host = normalise_domain(host.strip())
    except NotAnAddress as error:
        raise BadHost("That is not the name of a host.") from error
    apex = settings.APEX.hostname or ""
    if host == apex or host.endswith(f".{apex}") or apex.endswith(f".{host}"):
        raise BadHost(f"Names at {apex} are given out here. Enter a host of your own.")
    if "." not in host or host.rsplit(".", 1)[-1] in {"localhost", "local", "internal", "test", "onion"}:
        raise BadHost("Enter a whole name, as in mail.example.com.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    raise BadHost("An address of numbers cannot be verified. Enter a name.")
