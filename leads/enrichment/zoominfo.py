"""ZoomInfo, GTM Data API, Enrich Contacts: https://docs.zoominfo.com/reference/enrichinterface_enrichcontact
and the credit usage guide beside it.

POST /gtm/data/v1/contacts/enrich in JSON:API with a bearer token, which POST /gtm/oauth/v1/token gives for
the client id and secret of an app (OAuth 2.0 client credentials). The key is kept as `id:secret`.
"""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from http import HTTPMethod

from keychain.crypto.secret import Secret
from leads.enrichment.edge import (
    BadKey,
    Fields,
    Found,
    NotAsked,
    NotFound,
    Outcome,
    Partial,
    Question,
    Refusal,
    Unavailable,
)
from leads.enrichment.reading import at, cleaned, items, number, parsed, refusal, text
from leads.enrichment.wire import USUAL, Answer, Limits, Request, exchange
from leads.vocabulary import Target

JSON_API = "application/vnd.api+json"
OUTPUT = [
    "firstName",
    "lastName",
    "email",
    "phone",
    "mobilePhone",
    "jobTitle",
    "street",
    "city",
    "state",
    "zipCode",
    "country",
    "externalUrls",
    "companyName",
    "companyWebsite",
]
UNKNOWN = "ZoomInfo does not know this person."
MOST_TOKENS = 64


@dataclass(frozen=True)
class _Token:
    value: Secret
    until: float


@dataclass(frozen=True)
class ZoomInfo:
    """Tokens stay in this process's memory until a minute before they expire."""

    base: str = "https://api.zoominfo.com"
    limits: Limits = USUAL
    who: str = "ZoomInfo"
    _tokens: dict[bytes, _Token] = field(default_factory=dict, repr=False, compare=False)

    def ask(self, question: Question, key: Secret) -> Outcome:
        if not (question.email or question.names_a_person):
            return NotAsked("ZoomInfo needs an e-mail address, or a first and a last name and a company.")
        token = self._token(key)
        if not isinstance(token, Secret):
            return token
        answer = exchange(self.who, _request(self.base, question, token), self.limits)
        if isinstance(answer, Unavailable):
            return answer
        if answer.status == 401:
            self._tokens.pop(_name(key), None)
        return refusal(self.who, answer) or _outcome(self.who, answer)

    def _token(self, key: Secret) -> Secret | Refusal:
        kept = self._tokens.get(_name(key))
        if kept and kept.until > time.monotonic():
            return kept.value
        answer = exchange(self.who, _sign_in(self.base, key), self.limits)
        if isinstance(answer, Unavailable):
            return answer
        if answer.status == 400:
            return BadKey("ZoomInfo does not accept this client id and secret (400).")
        return refusal(self.who, answer) or self._keep(key, answer)

    def _keep(self, key: Secret, answer: Answer) -> Secret | Refusal:
        found = parsed(self.who, answer)
        value = text(found, "access_token")
        if isinstance(found, Unavailable) or not value.isascii() or not value.isprintable() or not value:
            return Unavailable("ZoomInfo did not give an access token.")
        if len(self._tokens) >= MOST_TOKENS:
            self._tokens.clear()
        token = _Token(Secret(value), time.monotonic() + (number(found, "expires_in") or 600) - 60)
        self._tokens[_name(key)] = token
        return token.value


def _name(key: Secret) -> bytes:
    return hashlib.sha256(key.reveal_bytes()).digest()


def _sign_in(base: str, key: Secret) -> Request:
    return Request(
        HTTPMethod.POST,
        f"{base}/gtm/oauth/v1/token",
        {
            "authorization": "Basic " + base64.b64encode(key.reveal_bytes()).decode(),
            "content-type": "application/x-www-form-urlencoded",
        },
        b"grant_type=client_credentials",
    )


def _request(base: str, question: Question, token: Secret) -> Request:
    known = {
        "emailAddress": question.email,
        "firstName": question.first_name,
        "lastName": question.last_name,
        "companyName": question.company or question.domain,
    }
    person = {name: value for name, value in known.items() if value}
    asked = {"type": "ContactEnrich", "attributes": {"matchPersonInput": [person], "outputFields": OUTPUT}}
    return Request(
        HTTPMethod.POST,
        f"{base}/gtm/data/v1/contacts/enrich",
        {"authorization": f"Bearer {token.reveal()}", "content-type": JSON_API, "accept": JSON_API},
        json.dumps({"data": asked}).encode(),
    )


def _outcome(who: str, answer: Answer) -> Outcome:
    found = parsed(who, answer)
    if isinstance(found, Unavailable):
        return found
    match = text(found, "data", 0, "meta", "matchStatus")
    if match == "NO_MATCH" or answer.status == 404:
        return NotFound(UNKNOWN)
    attributes = at(found, "data", 0, "attributes")
    if not isinstance(attributes, dict) or not match:
        return Unavailable(f"{who} did not answer with the JSON that its documentation describes.")
    fields = _fields(attributes)
    if not fields:
        return NotFound(UNKNOWN)
    if match != "FULL_MATCH":
        return Partial("ZoomInfo is sure of the person or of the company, not of both.", fields)
    return Found(fields)


def _fields(contact: dict[str, object]) -> Fields:
    urls = [text(each, "url") for each in items(contact, "externalUrls")]
    return cleaned({
        Target.EMAIL: text(contact, "email"),
        Target.FIRST_NAME: text(contact, "firstName"),
        Target.LAST_NAME: text(contact, "lastName"),
        Target.TITLE: text(contact, "jobTitle"),
        Target.PHONE: text(contact, "phone") or text(contact, "mobilePhone"),
        Target.STREET: text(contact, "street"),
        Target.CITY: text(contact, "city"),
        Target.STATE: text(contact, "state"),
        Target.ZIP: text(contact, "zipCode"),
        Target.COUNTRY: text(contact, "country"),
        Target.LINKEDIN: next((url for url in urls if "linkedin.com/" in url), ""),
        Target.COMPANY: text(contact, "company", "name"),
        Target.WEBSITE: text(contact, "company", "website"),
    })  # fmt: skip
