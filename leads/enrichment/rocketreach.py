"""RocketReach, People Lookup: https://docs.rocketreach.co/reference/people-lookup-api and
/reference/responses-and-errors.

GET /api/v2/person/lookup with the key in `Api-Key`. A lookup may still be under way when it is answered
(`status` searching, progress or waiting): the same question later costs nothing more.
"""

from dataclasses import dataclass
from http import HTTPMethod
from urllib.parse import urlencode

from keychain.crypto.secret import Secret
from leads.enrichment.edge import (
    Fields,
    Found,
    NotAsked,
    NotFound,
    Outcome,
    Partial,
    Question,
    RateLimited,
    Unavailable,
)
from leads.enrichment.reading import at, cleaned, items, parsed, refusal, retry_after, text
from leads.enrichment.wire import USUAL, Answer, Limits, Request, exchange
from leads.vocabulary import Target

AGAIN = 30.0  # seconds until a lookup that is under way is asked for again
NEEDS = "RocketReach needs an e-mail address, a LinkedIn profile, or a name and a company."
UNKNOWN = "RocketReach does not know this person."


@dataclass(frozen=True)
class RocketReach:
    base: str = "https://api.rocketreach.co"
    limits: Limits = USUAL
    who: str = "RocketReach"

    def ask(self, question: Question, key: Secret) -> Outcome:
        asked = _asked(question)
        if not asked:
            return NotAsked(
                "RocketReach needs a LinkedIn profile, an e-mail address, or a name and a company."
            )
        url = f"{self.base}/api/v2/person/lookup?{urlencode(asked)}"
        answer = exchange(self.who, Request(HTTPMethod.GET, url, {"Api-Key": key.reveal()}), self.limits)
        if isinstance(answer, Unavailable):
            return answer
        return _paused(self.who, answer) or refusal(self.who, answer) or _outcome(self.who, answer)


def _asked(question: Question) -> dict[str, str]:
    if question.linkedin:
        return {"linkedin_url": question.linkedin}
    if question.email:
        return {"email": question.email}
    if question.names_a_person:
        return {"name": question.name, "current_employer": question.company or question.domain}
    return {}


def _paused(who: str, answer: Answer) -> RateLimited | None:
    """A throttled answer says in `wait` for how long, in its body."""
    if answer.status != 429:
        return None
    found = parsed(who, answer)
    wait = None if isinstance(found, Unavailable) else at(found, "wait")
    if not isinstance(wait, (int, float)) or isinstance(wait, bool):
        return None
    seconds = retry_after(answer, otherwise=float(wait))
    return RateLimited(f"{who} asks for a pause of {seconds:.0f} seconds.", seconds)


def _outcome(who: str, answer: Answer) -> Outcome:
    if answer.status == 404:
        return NotFound(UNKNOWN)
    person = parsed(who, answer)
    if isinstance(person, Unavailable):
        return person
    status, fields = text(person, "status"), _fields(person)
    if status in ("searching", "progress", "waiting", "not queued"):
        return Partial("RocketReach is still looking.", fields, retry_after=AGAIN)
    if status not in ("complete", "failed"):
        return Unavailable(f"{who} did not answer with the JSON that its documentation describes.")
    if not fields:
        return NotFound(UNKNOWN)
    if status == "failed":
        return Partial("RocketReach knows the person but found no way to reach them.", fields)
    return Found(fields)


def _fields(person: dict[str, object]) -> Fields:
    return cleaned({
        Target.EMAIL: _email(person),
        Target.FULL_NAME: text(person, "name"),
        Target.TITLE: text(person, "current_title"),
        Target.COMPANY: text(person, "current_employer"),
        Target.WEBSITE: text(person, "current_employer_website"),
        Target.LINKEDIN: text(person, "linkedin_url"),
        Target.CITY: text(person, "city"),
        Target.STATE: text(person, "region"),
        Target.COUNTRY: text(person, "country_code"),
        Target.PHONE: text(person, "phones", 0, "number"),
    })  # fmt: skip


def _email(person: dict[str, object]) -> str:
    """The best professional address; never a private one, and none that RocketReach found dead."""
    usable = [
        text(each, "email")
        for each in items(person, "emails")
        if text(each, "type") in ("professional", "current_work") and text(each, "smtp_valid") != "invalid"
    ]
    best = text(person, "recommended_professional_email")
    return best or (usable[0] if usable else "")
