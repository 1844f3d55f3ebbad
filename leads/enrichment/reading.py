"""What an answer says: refusals in words, and fields cleaned one by one. Everything in it is a stranger's."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from leads.addresses import BadAddress, address
from leads.enrichment.edge import BadKey, Fields, NotAsked, QuotaExceeded, RateLimited, Refusal, Unavailable
from leads.enrichment.wire import Answer
from leads.profile import VALUE_LENGTH, clean
from leads.vocabulary import Target

WAIT = 60.0  # seconds, when a provider asks us to wait and does not say how long
LONGEST_WAIT = 86400.0
MOST_DEPTH = 50

_SECONDS = re.compile(r"\d{1,9}(?:\.\d+)?")
_CREDITS = re.compile(rb"credit|quota|insufficient|lookups? (?:limit|remaining)|usage limit", re.IGNORECASE)
_LINKEDIN = re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/\S+", re.IGNORECASE)
_WEBSITE = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s().\-/]{5,30}(?:(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)


def refusal(who: str, answer: Answer) -> Refusal | None:
    """What a status other than success means, for providers that use them as HTTP does."""
    status = answer.status
    if 200 <= status < 300 or status == 404:
        return None
    if status == 402 or (status in (403, 422, 429) and _CREDITS.search(answer.body[:4000])):
        return QuotaExceeded(f"The {who} account has no credits left for this.")
    if status in (401, 403):
        return BadKey(f"{who} does not accept this key ({status}).")
    if status == 429:
        wait = retry_after(answer)
        return RateLimited(f"{who} asks for a pause of {wait:.0f} seconds.", wait)
    if status in (400, 422):
        return NotAsked(f"{who} cannot answer this question ({status}).")
    if 300 <= status < 400:
        return Unavailable(f"{who} answered with a redirect, which is not followed.")
    return Unavailable(f"{who} answered with an error ({status}).")


def retry_after(answer: Answer, otherwise: float = WAIT) -> float:
    """Seconds to wait: Retry-After as a number or a date (RFC 9110 section 10.2.3), between 1 and a day."""
    said = answer.headers.get("retry-after", "").strip()
    wait = float(said) if _SECONDS.fullmatch(said) else _until(said) or otherwise
    return min(max(wait, 1.0), LONGEST_WAIT)


def _until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return (then - datetime.now(UTC)).total_seconds()


def parsed(who: str, answer: Answer) -> dict[str, object] | Unavailable:
    """The answer's JSON object."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    return Unavailable(f"{who} did not answer with the JSON that its documentation describes.")


def at(value: object, *path: str | int) -> object:
    """What lies at the path of names and positions, None if the answer has another shape."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: object, *path: str | int) -> str:
    """The text or the whole number at the path, "" if there is none."""
    found = at(value, *path)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def items(value: object, *path: str | int) -> list[object]:
    """The list at the path, or nothing; no more of it than anyone needs."""
    found = at(value, *path)
    return found[:MOST_DEPTH] if isinstance(found, list) else []


def number(value: object, *path: str | int) -> int | None:
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def cleaned(found: Mapping[Target, str]) -> Fields:
    """The fields that have a value and look like what they are meant to be."""
    values = {target: _value(target, raw) for target, raw in found.items()}
    return {target: value for target, value in values.items() if value}


def _value(target: Target, raw: str) -> str:
    value = clean(raw, VALUE_LENGTH)
    if target is Target.EMAIL:
        return _email(value)
    shape = {Target.LINKEDIN: _LINKEDIN, Target.WEBSITE: _WEBSITE, Target.PHONE: _PHONE}.get(target)
    return value if shape is None or shape.fullmatch(value) else ""


def _email(value: str) -> str:
    try:
        return address(value).email if value else ""
    except BadAddress:
        return ""
