"""IndiaMART, Lead Manager CRM API, version 2:
https://help.indiamart.com/knowledge-base/why-migrate-lms-crm-api-v2/ and the integration guide it links to.

GET /wservce/crm/crmListing/v2/ lists the enquiries that the account itself received in a time of up to seven
days; there is no question about one person. So the enquiries are pulled once, and questions are answered from
them. The vendor takes the key in the query only, and allows one call in five minutes. The outcome stands in
`CODE` of the body, whatever the HTTP status is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPMethod
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from keychain.crypto.secret import Secret
from leads.enrichment.edge import (
    BadKey,
    Fields,
    Found,
    NotAsked,
    NotFound,
    Outcome,
    Question,
    RateLimited,
    Refusal,
    Unavailable,
    digits,
)
from leads.enrichment.reading import at, cleaned, parsed, refusal, text
from leads.enrichment.wire import Answer, Limits, Request, exchange
from leads.vocabulary import Target

WHO = "IndiaMART"
INDIA = ZoneInfo("Asia/Kolkata")
LONGEST = timedelta(days=7)
PAUSE = 300.0
LARGE = Limits(most=20_000_000)


@dataclass(frozen=True)
class Enquiries:
    """The people who wrote to the account in that time."""

    people: tuple[Fields, ...]

    def find(self, question: Question) -> Outcome:
        """The latest enquiry with the question's address or phone number."""
        for person in self.people:
            if question.email and person.get(Target.EMAIL) == question.email:
                return Found(person, 0)
            if digits(question.phone) and digits(person.get(Target.PHONE, "")) == digits(question.phone):
                return Found(person, 0)
        return NotFound("No enquiry on IndiaMART in that time is from this person.")


@dataclass(frozen=True)
class IndiaMart:
    base: str = "https://mapi.indiamart.com"
    limits: Limits = LARGE

    def pull(self, start: datetime, end: datetime, key: Secret) -> Enquiries | Refusal:
        """The enquiries from start to end, both with a time zone."""
        if not timedelta(0) < end - start <= LONGEST:
            return NotAsked("IndiaMART lists up to seven days at a time.")
        asked = {"glusr_crm_key": key.reveal(), "start_time": _spelled(start), "end_time": _spelled(end)}
        url = f"{self.base}/wservce/crm/crmListing/v2/?{urlencode(asked)}"
        answer = exchange(WHO, Request(HTTPMethod.GET, url, {}), self.limits)
        return answer if isinstance(answer, Unavailable) else _enquiries(answer)


def _spelled(moment: datetime) -> str:
    return moment.astimezone(INDIA).strftime("%d-%m-%Y%H:%M:%S")


def _enquiries(answer: Answer) -> Enquiries | Refusal:
    found = parsed(WHO, answer)
    if isinstance(found, Unavailable):
        return refusal(WHO, answer) or found
    listed = at(found, "RESPONSE")
    code = text(found, "CODE")
    if code == "200" and isinstance(listed, list):
        return Enquiries(tuple(_fields(each) for each in listed if isinstance(each, dict)))
    return Enquiries(()) if code == "204" else _refused(code, answer)


def _refused(code: str, answer: Answer) -> Refusal:
    if code == "401":
        return BadKey("IndiaMART does not accept this CRM key. A new one replaces the old one at once.")
    if code == "429":
        return RateLimited("IndiaMART allows one call in five minutes.", PAUSE)
    if code == "400":
        return NotAsked("IndiaMART cannot answer this question (400).")
    if code.startswith("5"):
        return Unavailable(f"IndiaMART answered with an error ({code}).")
    return refusal(WHO, answer) or Unavailable(
        "IndiaMART did not answer with the JSON that its documentation describes."
    )


def _fields(enquiry: dict[str, object]) -> Fields:
    return cleaned({
        Target.EMAIL: text(enquiry, "SENDER_EMAIL") or text(enquiry, "SENDER_EMAIL_ALT"),
        Target.FULL_NAME: text(enquiry, "SENDER_NAME"),
        Target.COMPANY: text(enquiry, "SENDER_COMPANY"),
        Target.PHONE: text(enquiry, "SENDER_MOBILE") or text(enquiry, "SENDER_PHONE"),
        Target.STREET: text(enquiry, "SENDER_ADDRESS"),
        Target.CITY: text(enquiry, "SENDER_CITY"),
        Target.STATE: text(enquiry, "SENDER_STATE"),
        Target.ZIP: text(enquiry, "SENDER_PINCODE"),
        Target.COUNTRY: text(enquiry, "SENDER_COUNTRY_ISO"),
    })  # fmt: skip
