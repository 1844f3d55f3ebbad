"""OpenAI's Responses API, by its own SDK. Nothing is stored there: `store` is off."""

import re
from typing import Any

import httpx2
import openai

from campaigns.llm import Provider, wire
from campaigns.llm.bodies import Body, Tokens, parse, unreadable
from campaigns.llm.edge import Account, Call
from campaigns.llm.outcomes import (
    NO_USAGE,
    BadKey,
    BadRequest,
    KeyOk,
    Nonsense,
    Outcome,
    RateLimited,
    RefusedContent,
    Truncated,
    Unavailable,
    Usage,
)
from campaigns.llm.reading import read, wire_schema
from campaigns.llm.refusals import from_response

BASE_URL = "https://api.openai.com/v1"

# The SDK would send the account that the operator's environment names.
NO_ACCOUNT = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}

_NOT_FOR_TEXT = re.compile(
    r"embedding|whisper|tts|dall-e|image|audio|realtime|moderation|transcribe|sora|babbage|davinci|live"
)


class _InputDetails(Body):
    cached_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None


class _OutputDetails(Body):
    reasoning_tokens: Tokens | None = None


class _Usage(Body):
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None

    def plain(self) -> Usage:
        read_in = self.input_tokens_details or _InputDetails()
        thought = self.output_tokens_details or _OutputDetails()
        return Usage(
            input=self.input_tokens,
            cached=read_in.cached_tokens or 0,
            output=self.output_tokens,
            reasoning=thought.reasoning_tokens or 0,
            cache_written=read_in.cache_write_tokens or 0,
        )


class _Part(Body):
    type: str = ""
    text: str = ""
    refusal: str = ""


class _Item(Body):
    type: str = ""
    content: list[_Part] | None = None


class _Error(Body):
    code: str | None = None


class _Incomplete(Body):
    reason: str | None = None


class _Reply(Body):
    status: str
    output: list[_Item] = []
    usage: _Usage | None = None
    error: _Error | None = None
    incomplete_details: _Incomplete | None = None


class _Model(Body):
    id: str


class ModelList(Body):
    data: list[_Model]


@wire.once
def _base() -> openai.OpenAI:
    """One client for all keys: making one costs 30 ms. `line` puts in the caller's key."""
    return openai.OpenAI(api_key="unset", base_url=BASE_URL, max_retries=0, http_client=wire.client())


def line(account: Account) -> openai.OpenAI:
    return _base().with_options(
        api_key=account.key.reveal(),
        base_url=account.endpoint or BASE_URL,
        timeout=wire.timeouts(account.timeout),
    )


def post(call: Call, path: str, body: dict[str, Any]) -> bytes:
    """The body of the answer, raw. Raises what the SDK raises.

    By the SDK's own `post`: its typed methods walk through each request in Python, a third of the
    time that a call costs this process.
    """
    answer = line(call).post(path, cast_to=httpx2.Response, body=body, options={"headers": NO_ACCOUNT})
    return answer.content


def ask(call: Call) -> Outcome:
    schema = {"name": call.schema.__name__, "schema": wire_schema(call.schema), "strict": True}
    question = {
        "model": call.model,
        "instructions": call.system,
        "input": call.prompt,
        "text": {"format": {"type": "json_schema", **schema}},
        "max_output_tokens": call.max_output_tokens,
        "store": False,
    }
    try:
        body = post(call, "/responses", question)
    except openai.APIStatusError as error:
        return from_response(call.who, error.response)
    except (openai.APIConnectionError, *wire.BROKEN) as error:
        return wire.broken(error, call.who, call.timeout)
    reply = parse(body, _Reply)
    return _outcome(call, reply) if reply else unreadable(call.provider, call.who, body)


def _outcome(call: Call, reply: _Reply) -> Outcome:
    usage = reply.usage.plain() if reply.usage else NO_USAGE
    parts = [part for item in reply.output if item.type == "message" for part in item.content or []]
    refused = "".join(part.refusal for part in parts if part.type == "refusal")
    text = "".join(part.text for part in parts if part.type == "output_text")
    why = (reply.incomplete_details.reason if reply.incomplete_details else None) or ""
    if refused or why == "content_filter":
        return RefusedContent(who=call.who, usage=usage, text=refused)
    if reply.status == "incomplete" and why == "max_output_tokens":
        return Truncated(who=call.who, usage=usage, text=text)
    if reply.status == "failed":
        return _failed(call, (reply.error.code if reply.error else None) or "", usage)
    if reply.status != "completed":
        return Nonsense(who=call.who, usage=usage, text=text, problem="it stopped for an unknown reason")
    if not text:
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    return read(text, call.schema, who=call.who, usage=usage)


def _failed(call: Call, code: str, usage: Usage) -> Outcome:
    if code == "rate_limit_exceeded":
        return RateLimited(who=call.who, usage=usage)
    if code == "invalid_prompt":
        return RefusedContent(who=call.who, usage=usage)
    return Unavailable(who=call.who, usage=usage, status=200)


def list_models(account: Account) -> Outcome:
    try:
        answer = line(account).models.with_raw_response.list(extra_headers=NO_ACCOUNT)
    except openai.APIStatusError as error:
        return _restricted(from_response(account.who, error.response), error)
    except (openai.APIConnectionError, *wire.BROKEN) as error:
        return wire.broken(error, account.who, account.timeout)
    found = parse(answer.content, ModelList)
    if found is None:
        return unreadable(account.provider, account.who, answer.content)
    names = (model.id for model in found.data)
    return KeyOk(who=account.who, models=tuple(sorted(name for name in names if _writes(account, name))))


def _writes(account: Account, name: str) -> bool:
    return account.provider is Provider.COMPATIBLE or not _NOT_FOR_TEXT.search(name)


def _restricted(outcome: Outcome, error: openai.APIStatusError) -> Outcome:
    """A key may be allowed to write but not to list; an endpoint may have no list at all."""
    lists_nothing = (
        isinstance(outcome, BadKey) and outcome.known and b"api.model.read" in error.response.content
    )
    has_no_list = isinstance(outcome, BadRequest) and error.status_code in (404, 405) and _is_json(error)
    return KeyOk(who=outcome.who) if lists_nothing or has_no_list else outcome


def _is_json(error: openai.APIStatusError) -> bool:
    return error.response.content.lstrip()[:1] == b"{"
