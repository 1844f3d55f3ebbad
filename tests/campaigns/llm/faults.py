"""Every way a provider is known to fail, as it would put it, and the one outcome it has to come to."""

from dataclasses import dataclass
from typing import Any

from campaigns.llm.outcomes import (
    BadKey,
    BadRequest,
    NoCredit,
    Nonsense,
    Outcome,
    Overloaded,
    RateLimited,
    Reason,
    RefusedContent,
    TimedOut,
    Truncated,
    Unavailable,
)
from tests.campaigns.llm.conftest import KEY
from tests.servers import llm_anthropic, llm_google, llm_openai
from tests.servers.llm import Reply


@dataclass(frozen=True)
class Want:
    kind: type[Outcome]
    fields: dict[str, Any]


def want(kind, **fields):
    if "retry_after" in kind.__dataclass_fields__:
        fields.setdefault("retry_after", None)
    return Want(kind, fields)


GOOD = '{"fit": "yes", "reason": "It fits."}'
CUT = '{"fit": "yes", "reason": "It'


def openai_error(status, message, code=None, kind="invalid_request_error", **headers):
    return Reply(status=status, body=llm_openai.error(message, code, kind), headers=headers)


def anthropic_error(status, kind, message, headers=None, **details):
    return Reply(status=status, body=llm_anthropic.error(kind, message, **details), headers=headers or {})


def google_error(status, name, message, *details, headers=None):
    return Reply(status=status, body=llm_google.error(status, name, message, *details), headers=headers or {})


def responses(text, **changes):
    return Reply(body=llm_openai.response(text, **changes))


def completion(text, reason="stop", **message):
    return Reply(body=llm_openai.completion(text, reason=reason, **message))


def message(text, **changes):
    return Reply(body=llm_anthropic.message(text, **changes))


def content(text, reason="STOP", **changes):
    return Reply(body=llm_google.content(text, reason=reason, **changes))


QUOTA = "You exceeded your current quota, please check your plan and billing details."
LOW = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."
SPENT = "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."
EMPTY_OUTPUT = {"output": []}
REFUSAL_OUTPUT = {
    "output": [
        {
            "type": "message",
            "id": "m",
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "No."}],
        }
    ]
}

FAULTS = [
    # OpenAI
    (
        "openai",
        "bad key",
        openai_error(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"),
        want(BadKey),
    ),
    (
        "openai",
        "missing scope",
        openai_error(403, "You have insufficient permissions"),
        want(BadKey, known=True),
    ),
    (
        "openai",
        "country",
        openai_error(403, "Country not supported", "unsupported_country_region_territory"),
        want(BadRequest, reason=Reason.NOT_HERE, status=403),
    ),
    (
        "openai",
        "no credit",
        openai_error(429, QUOTA, "insufficient_quota", "insufficient_quota"),
        want(NoCredit),
    ),
    (
        "openai",
        "hard limit",
        openai_error(400, "Billing hard limit reached", "billing_hard_limit_reached"),
        want(NoCredit),
    ),
    (
        "openai",
        "rate limit",
        openai_error(429, "Rate limit reached", "rate_limit_exceeded", **{"Retry-After": "7"}),
        want(RateLimited, retry_after=7.0),
    ),
    (
        "openai",
        "rate limit in ms",
        openai_error(429, "Slow down", **{"retry-after-ms": "1500", "Retry-After": "2"}),
        want(RateLimited, retry_after=1.5),
    ),
    (
        "openai",
        "unknown model",
        openai_error(404, "The model `m-1` does not exist", "model_not_found"),
        want(BadRequest, reason=Reason.UNKNOWN_MODEL, status=404),
    ),
    (
        "openai",
        "too long",
        openai_error(400, "Your input exceeds the context window", "context_length_exceeded"),
        want(BadRequest, reason=Reason.TOO_LONG, status=400),
    ),
    ("openai", "bad parameter", openai_error(400, "Unknown parameter: 'x'"), want(BadRequest, status=400)),
    ("openai", "unprocessable", openai_error(422, "No"), want(BadRequest, status=422)),
    ("openai", "refusal", responses(GOOD, **REFUSAL_OUTPUT), want(RefusedContent)),
    (
        "openai",
        "filtered",
        responses(CUT, status="incomplete", incomplete_details={"reason": "content_filter"}),
        want(RefusedContent),
    ),
    (
        "openai",
        "truncated",
        responses(CUT, status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        want(Truncated),
    ),
    ("openai", "incomplete otherwise", responses(GOOD, status="incomplete"), want(Nonsense)),
    (
        "openai",
        "failed by rate limit",
        responses("", status="failed", error={"code": "rate_limit_exceeded", "message": "x"}),
        want(RateLimited),
    ),
    (
        "openai",
        "failed by server",
        responses("", status="failed", error={"code": "server_error", "message": "x"}),
        want(Unavailable, status=200),
    ),
    (
        "openai",
        "invalid prompt",
        responses("", status="failed", error={"code": "invalid_prompt", "message": "x"}),
        want(RefusedContent),
    ),
    ("openai", "unknown status", responses(GOOD, status="pondering"), want(Nonsense)),
    ("openai", "no output", responses(GOOD, **EMPTY_OUTPUT), want(Nonsense)),
    ("openai", "prose", responses("Sure! I think it fits."), want(Nonsense)),
    ("openai", "other form", responses('{"fit": "yes"}'), want(Nonsense)),
    ("openai", "extra field", responses('{"fit": "yes", "reason": "x", "send": true}'), want(Nonsense)),
    ("openai", "output of another type", responses(GOOD, output="text"), want(Nonsense)),
    # Anthropic
    ("anthropic", "bad key", anthropic_error(401, "authentication_error", "invalid x-api-key"), want(BadKey)),
    (
        "anthropic",
        "no permission",
        anthropic_error(403, "permission_error", "not allowed"),
        want(BadKey, known=True),
    ),
    ("anthropic", "low credit", anthropic_error(400, "invalid_request_error", LOW), want(NoCredit)),
    ("anthropic", "spend limit", anthropic_error(400, "invalid_request_error", SPENT), want(NoCredit)),
    (
        "anthropic",
        "spend limit by code",
        anthropic_error(429, "rate_limit_error", "No.", error_code="enforced_spend_limit_reached"),
        want(NoCredit),
    ),
    ("anthropic", "payment required", anthropic_error(402, "billing_error", "Pay"), want(NoCredit)),
    (
        "anthropic",
        "rate limit",
        anthropic_error(429, "rate_limit_error", "Slow down", {"retry-after": "12"}),
        want(RateLimited, retry_after=12.0),
    ),
    (
        "anthropic",
        "rate limit, no hint",
        anthropic_error(429, "rate_limit_error", "Slow down"),
        want(RateLimited),
    ),
    ("anthropic", "overloaded", anthropic_error(529, "overloaded_error", "Overloaded"), want(Overloaded)),
    (
        "anthropic",
        "unknown model",
        anthropic_error(404, "not_found_error", "model: m-1"),
        want(BadRequest, reason=Reason.UNKNOWN_MODEL, status=404),
    ),
    (
        "anthropic",
        "too long",
        anthropic_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        want(BadRequest, reason=Reason.TOO_LONG, status=400),
    ),
    (
        "anthropic",
        "too large",
        anthropic_error(413, "request_too_large", "Request exceeds the maximum size"),
        want(BadRequest, reason=Reason.TOO_LONG, status=413),
    ),
    ("anthropic", "refusal", message("I can't help with that.", stop_reason="refusal"), want(RefusedContent)),
    ("anthropic", "truncated", message(CUT, stop_reason="max_tokens"), want(Truncated)),
    ("anthropic", "window full", message(CUT, stop_reason="model_context_window_exceeded"), want(Truncated)),
    ("anthropic", "truncated JSON", message(CUT), want(Nonsense)),
    ("anthropic", "tool use", message(GOOD, stop_reason="tool_use"), want(Nonsense)),
    ("anthropic", "unknown stop reason", message(GOOD, stop_reason="bored"), want(Nonsense)),
    ("anthropic", "no stop reason", message(GOOD, stop_reason=None), want(Nonsense)),
    ("anthropic", "no content", message("", content=[]), want(Nonsense)),
    ("anthropic", "prose", message("It fits, I think."), want(Nonsense)),
    # Google
    (
        "google",
        "bad key",
        google_error(400, "INVALID_ARGUMENT", "API key not valid.", llm_google.reason("API_KEY_INVALID")),
        want(BadKey),
    ),
    (
        "google",
        "expired key",
        google_error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
        want(BadKey),
    ),
    (
        "google",
        "forbidden",
        google_error(403, "PERMISSION_DENIED", "Your API key was reported."),
        want(BadKey, known=True),
    ),
    ("google", "unauthenticated", google_error(401, "UNAUTHENTICATED", "Expected OAuth"), want(BadKey)),
    (
        "google",
        "location",
        google_error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        want(BadRequest, reason=Reason.NOT_HERE, status=400),
    ),
    (
        "google",
        "rate limit in the body",
        google_error(429, "RESOURCE_EXHAUSTED", QUOTA, llm_google.retry_info("21s")),
        want(RateLimited, retry_after=21.0),
    ),
    (
        "google",
        "rate limit in the header",
        google_error(429, "RESOURCE_EXHAUSTED", QUOTA, headers={"Retry-After": "3"}),
        want(RateLimited, retry_after=3.0),
    ),
    (
        "google",
        "rate limit, no hint",
        google_error(429, "RESOURCE_EXHAUSTED", "Exhausted"),
        want(RateLimited),
    ),
    (
        "google",
        "no credit",
        google_error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
        want(NoCredit),
    ),
    (
        "google",
        "not in the free tier",
        google_error(
            429,
            "RESOURCE_EXHAUSTED",
            f"{QUOTA}\n* free_tier_requests, limit: 0, model: m-1",
            llm_google.retry_info("9s"),
        ),
        want(NoCredit),
    ),
    ("google", "overloaded", google_error(503, "UNAVAILABLE", "The model is overloaded."), want(Overloaded)),
    ("google", "deadline", google_error(504, "DEADLINE_EXCEEDED", "Deadline expired"), want(TimedOut)),
    (
        "google",
        "unknown model",
        google_error(404, "NOT_FOUND", "models/m-1 is not found for API version v1beta"),
        want(BadRequest, reason=Reason.UNKNOWN_MODEL, status=404),
    ),
    (
        "google",
        "too long",
        google_error(
            400, "INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum number of tokens"
        ),
        want(BadRequest, reason=Reason.TOO_LONG, status=400),
    ),
    (
        "google",
        "error in a list",
        Reply(status=429, body=[llm_google.error(429, "X", "Slow")]),
        want(RateLimited),
    ),
    (
        "google",
        "blocked prompt",
        Reply(body={"promptFeedback": {"blockReason": "SAFETY"}}),
        want(RefusedContent),
    ),
    (
        "google",
        "blocked by a newer reason",
        Reply(body={"promptFeedback": {"blockReason": "NEW"}}),
        want(RefusedContent),
    ),
    ("google", "safety", content("", reason="SAFETY"), want(RefusedContent)),
    ("google", "recitation", content(GOOD, reason="RECITATION"), want(RefusedContent)),
    ("google", "prohibited", content("", reason="PROHIBITED_CONTENT"), want(RefusedContent)),
    ("google", "truncated", content(CUT, reason="MAX_TOKENS"), want(Truncated)),
    ("google", "to be continued", content(CUT, reason="CONTINUATION"), want(Truncated)),
    ("google", "unknown finish reason", content(GOOD, reason="BRAND_NEW_REASON"), want(Nonsense)),
    ("google", "malformed", content("", reason="MALFORMED_RESPONSE"), want(Nonsense)),
    ("google", "no candidates", Reply(body={"candidates": []}), want(Nonsense)),
    (
        "google",
        "no parts",
        Reply(body={"candidates": [{"content": {}, "finishReason": "STOP"}]}),
        want(Nonsense),
    ),
    ("google", "truncated JSON", content(CUT), want(Nonsense)),
    ("google", "limited account", content("", reason="PUP_LIMITED_DISABLED"), want(BadKey, known=True)),
    ("google", "error that is not text", Reply(status=400, body=b"\xff\xfe\x80"), want(Nonsense)),
    # Any OpenAI-compatible endpoint
    ("compatible", "bad key", openai_error(401, "Unauthorized"), want(BadKey)),
    ("compatible", "no credit", openai_error(402, "Insufficient credits"), want(NoCredit)),
    (
        "compatible",
        "rate limit",
        openai_error(429, "Slow", **{"Retry-After": "4"}),
        want(RateLimited, retry_after=4.0),
    ),
    ("compatible", "refusal", completion(None, refusal="No."), want(RefusedContent)),
    ("compatible", "filtered", completion("", reason="content_filter"), want(RefusedContent)),
    (
        "compatible",
        "filtered by status",
        openai_error(400, "Filtered", "content_filter"),
        want(RefusedContent),
    ),
    ("compatible", "truncated", completion(CUT, reason="length"), want(Truncated)),
    ("compatible", "unknown finish reason", completion(GOOD, reason="galactic"), want(Nonsense)),
    ("compatible", "empty choices", Reply(body={"choices": [], "usage": None}), want(Nonsense)),
    ("compatible", "no choices", Reply(body={"object": "chat.completion"}), want(Nonsense)),
    ("compatible", "choice of another type", Reply(body={"choices": ["x"]}), want(Nonsense)),
    (
        "compatible",
        "negative tokens",
        Reply(body={"choices": [], "usage": {"prompt_tokens": -5}}),
        want(Nonsense),
    ),
    ("compatible", "empty content", completion(""), want(Nonsense)),
    ("compatible", "null content", completion(None), want(Nonsense)),
    (
        "compatible",
        "an error inside a 200",
        Reply(body={"error": {"code": 429, "message": "Upstream is rate-limited"}}),
        want(RateLimited),
    ),
    (
        "compatible",
        "a web page",
        Reply(body="<!doctype html><p>Hi"),
        want(BadRequest, reason=Reason.BAD_ENDPOINT),
    ),
    ("compatible", "text error", Reply(status=500, body="boom"), want(Unavailable, status=500)),
]
