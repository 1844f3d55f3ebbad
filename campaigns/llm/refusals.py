"""What an HTTP error of a model's provider means. The providers disagree; this is the one table.

Sources: the error pages of platform.openai.com, docs.anthropic.com and ai.google.dev, and the bodies
that those services send. A message decides only where no code does.
"""

import email.utils
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from campaigns.llm.outcomes import (
    BadKey,
    BadRequest,
    NoCredit,
    Outcome,
    Overloaded,
    RateLimited,
    Reason,
    RefusedContent,
    TimedOut,
    Unavailable,
)

LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error as three providers would agree to put it. `code` joins every code they gave."""

    who: str
    status: int
    code: str = ""
    message: str = ""
    retry_after: float | None = None

    @property
    def said(self) -> str:
        return f"{self.code}\n{self.message}"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_NO_CREDIT = _any(
    r"insufficient_quota|billing_hard_limit|billing_not_active|billing_error|spend_limit|credit_limit",
    r"credit balance is too low|insufficient (?:credit|balance|fund)|out of credits?",
    r"credits? (?:are|is|have been) (?:depleted|exhausted)|spend(?:ing)? (?:limit|cap)",
    r"usage limits\b.{0,80}regain access|\blimit: 0\b(?!\.)",
)
_BAD_KEY = _any(
    r"API_KEY_INVALID|API_KEY_EXPIRED|invalid_api_key|invalid api[ _-]key",
    r"api[ _-]key (?:not valid|expired|not found)",
)
_TOO_LONG = _any(
    r"context_length_exceeded|string_above_max_length|request_too_large|prompt is too long",
    r"maximum context length|input token count.{0,40}exceeds|exceeds? the (?:model'?s )?(?:maximum|context)",
)
_UNKNOWN_MODEL = _any(
    r"model_not_found|model_not_available|invalid_model|unknown model|not a valid model",
    r"model\b.{0,80}\b(?:does not exist|not found)",
)
_CONTENT = _any(r"content_filter|content_policy|content management policy|safety_violation")
_NOT_HERE = _any(r"unsupported_country|location is not supported|region.{0,20}not supported")

_BAD_REQUESTS = (
    (Reason.NOT_HERE, _NOT_HERE),
    (Reason.TOO_LONG, _TOO_LONG),
    (Reason.UNKNOWN_MODEL, _UNKNOWN_MODEL),
)


def outcome_of(refusal: Refusal) -> Outcome:
    """The outcome of an answer whose status is not 200."""
    if (make := _BY_STATUS.get(refusal.status)) is not None:
        return make(refusal)
    if 500 <= refusal.status <= 599:
        return _unavailable(refusal)
    if 300 <= refusal.status <= 399:
        return BadRequest(who=refusal.who, status=refusal.status, reason=Reason.BAD_ENDPOINT)
    return _bad_request(refusal)


def _bad_request(refusal: Refusal) -> Outcome:
    if _BAD_KEY.search(refusal.said):
        return BadKey(who=refusal.who)
    if _NO_CREDIT.search(refusal.said):
        return NoCredit(who=refusal.who)
    if _CONTENT.search(refusal.said):
        return RefusedContent(who=refusal.who)
    reason = next((reason for reason, pattern in _BAD_REQUESTS if pattern.search(refusal.said)), Reason.OTHER)
    return BadRequest(who=refusal.who, status=refusal.status, reason=reason)


def _forbidden(refusal: Refusal) -> Outcome:
    if _NOT_HERE.search(refusal.said):
        return BadRequest(who=refusal.who, status=refusal.status, reason=Reason.NOT_HERE)
    if _NO_CREDIT.search(refusal.said):
        return NoCredit(who=refusal.who)
    return BadKey(who=refusal.who, known=not _BAD_KEY.search(refusal.said))


def _too_many(refusal: Refusal) -> Outcome:
    if _NO_CREDIT.search(refusal.said):
        return NoCredit(who=refusal.who)
    return RateLimited(who=refusal.who, retry_after=refusal.retry_after)


def _unavailable(refusal: Refusal) -> Outcome:
    return Unavailable(who=refusal.who, status=refusal.status, retry_after=refusal.retry_after)


def _overloaded(refusal: Refusal) -> Outcome:
    return Overloaded(who=refusal.who, retry_after=refusal.retry_after)


_BY_STATUS: dict[int, Callable[[Refusal], Outcome]] = {
    401: lambda refusal: BadKey(who=refusal.who),
    402: lambda refusal: NoCredit(who=refusal.who),
    403: _forbidden,
    404: lambda refusal: BadRequest(who=refusal.who, status=404, reason=Reason.UNKNOWN_MODEL),
    408: lambda refusal: TimedOut(who=refusal.who),
    409: _unavailable,
    413: lambda refusal: BadRequest(who=refusal.who, status=413, reason=Reason.TOO_LONG),
    425: _unavailable,
    429: _too_many,
    499: _unavailable,
    503: _overloaded,
    504: lambda refusal: TimedOut(who=refusal.who),
    529: _overloaded,
}


def from_response(who: str, response: httpx2.Response) -> Outcome:
    """The outcome of an HTTP error, from its status, headers and body, whoever sent it."""
    error = _error_of(response.content)
    details = _details(error.get("details"))
    codes = [error.get("code"), error.get("type"), error.get("status")]
    codes += [item.get(name) for item in details for name in ("reason", "error_code")]
    waits = [retry_after(response.headers), *(_delay(item.get("retryDelay")) for item in details)]
    refusal = Refusal(
        who=who,
        status=response.status_code,
        code=" ".join(code for code in codes if isinstance(code, str)),
        message=str(error.get("message", ""))[:2000],
        retry_after=next((wait for wait in waits if wait is not None), None),
    )
    return outcome_of(refusal)


def _error_of(body: bytes) -> dict[str, Any]:
    """The error object of a body, which Google sometimes sends in a list and others as a bare text."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {"message": body[:2000].decode("utf-8", "replace")}
    if isinstance(found, list):
        found = found[0] if found else {}
    if isinstance(found, dict) and "error" in found:
        found = found["error"]
    return found if isinstance(found, dict) else {"message": str(found)}


def _details(value: object) -> list[dict[str, Any]]:
    """Google sends a list of details, Anthropic one."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _delay(value: object) -> float | None:
    """Google's RetryInfo: a protobuf duration, such as `21s` or `0.5s`."""
    return _seconds(value[:-1]) if isinstance(value, str) and value.endswith("s") else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` as seconds or a date (RFC 9110, 10.2.3)."""
    if (milliseconds := _seconds(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if (seconds := _seconds(value)) is not None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return min(max(0.0, moment.timestamp() - time.time()), LONGEST_WAIT)
    except (ValueError, OverflowError, TypeError):
        return None


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return min(number, LONGEST_WAIT) if math.isfinite(number) and number >= 0 else None
