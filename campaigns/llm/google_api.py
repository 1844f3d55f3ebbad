"""Google's Gemini API, by its own SDK (google-genai), reading the plain HTTP body.

The SDK's own reading is left out on purpose: it warns at every finish reason that is newer than
itself, and follows up on cut answers with calls of its own. Its timeouts are in milliseconds.
"""

from typing import cast

import httpx2
from google import genai
from google.genai import errors, types
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from campaigns.llm import wire
from campaigns.llm.bodies import Body, Tokens, parse, unreadable
from campaigns.llm.edge import Account, Call
from campaigns.llm.outcomes import (
    NO_USAGE,
    BadKey,
    KeyOk,
    Nonsense,
    Outcome,
    RefusedContent,
    Truncated,
    Usage,
)
from campaigns.llm.reading import read, wire_schema
from campaigns.llm.refusals import from_response

BASE_URL = "https://generativelanguage.googleapis.com/"
API_VERSION = "v1beta"

_CUT = ("MAX_TOKENS", "CONTINUATION")
_REFUSED = (
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "ESCALATION",
    "MODEL_ARMOR",
)


class _Camel(Body):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class _Part(_Camel):
    text: str = ""
    thought: bool = False


class _Content(_Camel):
    parts: list[_Part] | None = None


class _Candidate(_Camel):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(_Camel):
    block_reason: str | None = None


class _Usage(_Camel):
    prompt_token_count: Tokens | None = None
    cached_content_token_count: Tokens | None = None
    candidates_token_count: Tokens | None = None
    thoughts_token_count: Tokens | None = None

    def plain(self) -> Usage:
        """Google counts thoughts beside the answer, not inside it; both are billed as output."""
        thoughts = self.thoughts_token_count or 0
        return Usage(
            input=self.prompt_token_count or 0,
            cached=self.cached_content_token_count or 0,
            output=(self.candidates_token_count or 0) + thoughts,
            reasoning=thoughts,
        )


class _Reply(_Camel):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None


@wire.once
def _base() -> genai.Client:
    """One client for all keys: making one costs 40 ms. `_options` puts the caller's key into each call.

    Every option that the SDK would look for in the operator's environment is given.
    """
    return genai.Client(
        vertexai=False,
        api_key="unset",
        http_options=types.HttpOptions(
            base_url=BASE_URL, api_version=API_VERSION, httpx_client=wire.client()
        ),
    )


def _options(account: Account) -> types.HttpOptions:
    return types.HttpOptions(
        headers={"x-goog-api-key": account.key.reveal()},
        base_url=account.endpoint or BASE_URL,
        timeout=max(1, round(account.timeout * 1000)),
    )


def ask(call: Call) -> Outcome:
    config = types.GenerateContentConfig(
        system_instruction=call.system,
        response_mime_type="application/json",
        response_json_schema=wire_schema(call.schema),
        max_output_tokens=call.max_output_tokens,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        should_return_http_response=True,
        http_options=_options(call),
    )
    try:
        answer = _base().models.generate_content(model=call.model, contents=call.prompt, config=config)
    except errors.APIError as error:
        return from_response(call.who, cast("httpx2.Response", error.response))
    except wire.BROKEN as error:
        return wire.broken(error, call.who, call.timeout)
    except (ValueError, RecursionError):
        return unreadable(call.provider, call.who, b"")  # an error whose body is not text at all
    raw = answer.sdk_http_response
    body = (raw.body if raw and isinstance(raw.body, str) else "").encode("utf-8", "replace")
    reply = parse(body, _Reply)
    return _outcome(call, reply) if reply else unreadable(call.provider, call.who, body)


def _outcome(call: Call, reply: _Reply) -> Outcome:
    usage = reply.usage_metadata.plain() if reply.usage_metadata else NO_USAGE
    if not reply.candidates:
        blocked = reply.prompt_feedback and reply.prompt_feedback.block_reason
        if blocked:
            return RefusedContent(who=call.who, usage=usage)
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    candidate = reply.candidates[0]
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text for part in parts if not part.thought)
    why = candidate.finish_reason or ""
    if why in _CUT:
        return Truncated(who=call.who, usage=usage, text=text)
    if why in _REFUSED:
        return RefusedContent(who=call.who, usage=usage, text=text)
    if why == "PUP_LIMITED_DISABLED":
        return BadKey(who=call.who, usage=usage, known=True)
    if why != "STOP":
        return Nonsense(who=call.who, usage=usage, text=text, problem="it stopped for an unknown reason")
    if not text:
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    return read(text, call.schema, who=call.who, usage=usage)


def list_models(account: Account) -> Outcome:
    config = types.ListModelsConfig(page_size=1000, http_options=_options(account))
    try:
        found = _base().models.list(config=config).page
    except errors.APIError as error:
        return from_response(account.who, cast("httpx2.Response", error.response))
    except wire.BROKEN as error:
        return wire.broken(error, account.who, account.timeout)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return unreadable(account.provider, account.who, b"")  # the SDK stumbles over what is not a list
    names = (model.name or "" for model in found if "generateContent" in (model.supported_actions or []))
    return KeyOk(who=account.who, models=tuple(sorted(name.removeprefix("models/") for name in names)))
