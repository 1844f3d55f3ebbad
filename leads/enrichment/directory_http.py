"""A directory of the user's own, as an HTTP endpoint.

It is sent a POST with a JSON object of what is known (`email`, `first_name`, `last_name`, `company`) and the
key as a bearer token, and answers 200 with a JSON object whose names are those that a CSV's header may have
(`email`, `Job title`, `telefon`; also inside `person` or `data`), or 404 when it does not know the person.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPMethod
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from keychain.crypto.secret import Secret
from leads.enrichment.edge import (
    Fields,
    Found,
    HostRefused,
    NotAsked,
    NotFound,
    Outcome,
    Question,
    Resolve,
    Unavailable,
)
from leads.enrichment.reading import cleaned, parsed, refusal, text
from leads.enrichment.wire import USUAL, Answer, Limits, Request, exchange
from leads.vocabulary import Target, named

UNKNOWN = "The directory does not know this person."
BAD_URL = "The directory's address must be a plain https:// address, without a password in it."


@dataclass(frozen=True)
class DirectoryHttp:
    """`resolve` guards every connection: what a customer typed must not lead into our own network."""

    url: str
    resolve: Resolve
    limits: Limits = USUAL
    who: str = "The directory"

    def ask(self, question: Question, key: Secret) -> Outcome:
        if not _is_plain(self.url, self.resolve):
            return NotAsked(BAD_URL)
        if not (question.email or question.name):
            return NotAsked("The directory needs an e-mail address or a name.")
        limits = replace(self.limits, resolve=self.resolve)
        answer = exchange(self.who, _request(self.url, question, key), limits)
        if isinstance(answer, Unavailable):
            return answer
        return refusal(self.who, answer) or _outcome(self.who, answer)


def _is_plain(url: str, resolve: Resolve) -> bool:
    """https anywhere; http only where the guard allows an address inside the private network."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return False
    usual = url.isascii() and url.isprintable() and " " not in url and bool(parts.hostname)
    if not usual or parts.username or parts.password or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_inside(parts, port, resolve))


def _is_inside(parts: SplitResult, port: int, resolve: Resolve) -> bool:
    try:
        return not ip_address(resolve(parts.hostname or "", port)).is_global
    except (HostRefused, OSError, ValueError):
        return False


def _request(url: str, question: Question, key: Secret) -> Request:
    known = {
        "email": question.email,
        "first_name": question.first_name,
        "last_name": question.last_name,
        "company": question.company,
    }
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key.reveal()}"
    return Request(HTTPMethod.POST, url, headers, json.dumps(known).encode())


def _outcome(who: str, answer: Answer) -> Outcome:
    if answer.status in (204, 404):
        return NotFound(UNKNOWN)
    found = parsed(who, answer)
    if isinstance(found, Unavailable):
        return found
    inner = next((found[name] for name in ("person", "data") if isinstance(found.get(name), dict)), found)
    fields = _fields(inner) if isinstance(inner, dict) else {}
    return Found(fields, 0) if fields else NotFound(UNKNOWN)


def _fields(person: Mapping[str, object]) -> Fields:
    """Each target from the name that is most usual for it."""
    claims = [(found[1], name, found[0]) for name in [*person][:500] if (found := named(str(name)))]
    fields: dict[Target, str] = {}
    for _, name, target in sorted(claims, reverse=True):
        if value := text(person, name):
            fields[target] = value
    return cleaned(fields)
