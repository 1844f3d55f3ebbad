"""Apollo, People Enrichment: https://docs.apollo.io/reference/people-enrichment and /reference/errors-1.

POST /api/v1/people/match with the key in `x-api-key`. Personal addresses and phone numbers are not asked
for: the first are no business of a sales team's, the second are delivered to a public webhook only.
"""

import json
from dataclasses import dataclass
from http import HTTPMethod

from keychain.crypto.secret import Secret
from leads.enrichment.edge import Fields, Found, NotAsked, NotFound, Outcome, Partial, Question, Unavailable
from leads.enrichment.reading import at, cleaned, number, parsed, refusal, text
from leads.enrichment.wire import USUAL, Answer, Limits, Request, exchange
from leads.vocabulary import Target

LOCKED = "email_not_unlocked@"  # the address in place of one that has not been paid for


@dataclass(frozen=True)
class Apollo:
    base: str = "https://api.apollo.io"
    limits: Limits = USUAL
    who: str = "Apollo"

    def ask(self, question: Question, key: Secret) -> Outcome:
        if not (question.email or question.linkedin or question.names_a_person):
            return NotAsked(
                "Apollo needs an e-mail address, a LinkedIn profile, or a full name and a company."
            )
        answer = exchange(self.who, _request(self.base, question, key), self.limits)
        if isinstance(answer, Unavailable):
            return answer
        return refusal(self.who, answer) or _outcome(self.who, answer)


def _request(base: str, question: Question, key: Secret) -> Request:
    asked = {
        "email": question.email,
        "first_name": question.first_name,
        "last_name": question.last_name,
        "organization_name": question.company,
        "domain": question.domain,
        "linkedin_url": question.linkedin,
    }
    said = {name: value for name, value in asked.items() if value}
    return Request(
        HTTPMethod.POST,
        f"{base}/api/v1/people/match",
        {"x-api-key": key.reveal(), "content-type": "application/json", "cache-control": "no-cache"},
        json.dumps({**said, "reveal_personal_emails": False, "reveal_phone_number": False}).encode(),
    )


def _outcome(who: str, answer: Answer) -> Outcome:
    if answer.status == 404:
        return Unavailable(f"{who} has no such endpoint any more (404).")
    found = parsed(who, answer)
    if isinstance(found, Unavailable):
        return found
    person = at(found, "person")
    if not isinstance(person, dict):
        return NotFound("Apollo does not know this person.")
    fields, spent = _fields(person), number(found, "credits_consumed")
    if not fields:
        return NotFound("Apollo knows nothing about this person that can be used.")
    if text(person, "email").startswith(LOCKED):
        return Partial("Apollo knows an address but has not unlocked it for this account.", fields, spent)
    return Found(fields, spent)


def _fields(person: dict[str, object]) -> Fields:
    email = text(person, "email")
    return cleaned({
        Target.EMAIL: "" if email.startswith(LOCKED) else email,
        Target.FIRST_NAME: text(person, "first_name"),
        Target.LAST_NAME: text(person, "last_name"),
        Target.FULL_NAME: text(person, "name"),
        Target.TITLE: text(person, "title"),
        Target.LINKEDIN: text(person, "linkedin_url"),
        Target.CITY: text(person, "city"),
        Target.STATE: text(person, "state"),
        Target.COUNTRY: text(person, "country"),
        Target.TIMEZONE: text(person, "time_zone"),
        Target.COMPANY: text(person, "organization", "name"),
        Target.WEBSITE: text(person, "organization", "website_url"),
        Target.PHONE: text(person, "contact", "phone_numbers", 0, "sanitized_number"),
    })  # fmt: skip
