"""Any service that speaks OpenAI's chat completions, such as vLLM, Ollama, llama.cpp or a gateway.

Such services differ in what they know of structured answers, so three ways are tried, from the
strictest down, and the one that an endpoint takes is remembered for as long as the process lives.
"""

import re
from enum import IntEnum
from typing import Any

import httpx2
import openai

from campaigns.llm import wire
from campaigns.llm.bodies import Body, Tokens, parse, unreadable
from campaigns.llm.edge import Account, Call
from campaigns.llm.openai_api import list_models as list_openai_models
from campaigns.llm.openai_api import post
from campaigns.llm.outcomes import NO_USAGE, Nonsense, Outcome, RefusedContent, Truncated, Usage
from campaigns.llm.reading import read, schema_text, wire_schema
from campaigns.llm.refusals import Refusal, from_response, outcome_of

_REMEMBERED = 1000
_ABOUT_THE_FORM = re.compile(
    rb"response_format|json_schema|json_object|json mode|structured|grammar", re.IGNORECASE
)
_DONE = {"stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", ""}


class Way(IntEnum):
    SCHEMA = 0
    JSON = 1
    TEXT = 2


_ways: dict[tuple[str, str], Way] = {}


class _InputDetails(Body):
    cached_tokens: Tokens | None = None


class _OutputDetails(Body):
    reasoning_tokens: Tokens | None = None


class _Usage(Body):
    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None

    def plain(self) -> Usage:
        read_in = self.prompt_tokens_details or _InputDetails()
        thought = self.completion_tokens_details or _OutputDetails()
        return Usage(
            input=self.prompt_tokens or 0,
            cached=read_in.cached_tokens or 0,
            output=self.completion_tokens or 0,
            reasoning=thought.reasoning_tokens or 0,
        )


class _Part(Body):
    text: str = ""


class _Message(Body):
    content: str | list[_Part] | None = None
    refusal: str | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class _Choice(Body):
    message: _Message
    finish_reason: str | None = None


class _Error(Body):
    code: int | str | None = None
    message: str | None = None


class _Reply(Body):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: _Error | None = None


def ask(call: Call) -> Outcome:
    try:
        body = _answer(call)
    except openai.APIStatusError as error:
        return from_response(call.who, error.response)
    except (openai.APIConnectionError, *wire.BROKEN) as error:
        return wire.broken(error, call.who, call.timeout)
    reply = parse(body, _Reply)
    return _outcome(call, reply) if reply else unreadable(call.provider, call.who, body)


def list_models(account: Account) -> Outcome:
    return list_openai_models(account)


def _answer(call: Call) -> bytes:
    """The reply's body, in the strictest way that this endpoint takes. Raises what the SDK raises."""
    place = (call.endpoint or "", call.model)
    way = _ways.get(place, Way.SCHEMA)
    while True:
        try:
            body = _send(call, way)
        except openai.APIStatusError as error:
            if way is Way.TEXT or not _is_about_the_form(error.response):
                raise
            way = Way(way + 1)
            continue
        if way is not Way.SCHEMA and len(_ways) < _REMEMBERED:
            _ways[place] = way
        return body


def _is_about_the_form(response: httpx2.Response) -> bool:
    return response.status_code in (400, 404, 415, 422, 500, 501) and bool(
        _ABOUT_THE_FORM.search(response.content)
    )


def _send(call: Call, way: Way) -> bytes:
    system = call.system
    form: dict[str, Any] = {}
    if way is Way.SCHEMA:
        schema = {"name": call.schema.__name__, "schema": wire_schema(call.schema), "strict": True}
        form["response_format"] = {"type": "json_schema", "json_schema": schema}
    else:
        system += "\n\nAnswer with one JSON object that fits this JSON Schema, and nothing else:\n"
        system += schema_text(call.schema)
    if way is Way.JSON:
        form["response_format"] = {"type": "json_object"}
    messages = [{"role": "system", "content": system}, {"role": "user", "content": call.prompt}]
    question = {"model": call.model, "messages": messages, "max_tokens": call.max_output_tokens}
    return post(call, "/chat/completions", question | form)


def _outcome(call: Call, reply: _Reply) -> Outcome:
    usage = reply.usage.plain() if reply.usage else NO_USAGE
    if not reply.choices:
        return _without_choice(call, reply, usage)
    choice = reply.choices[0]
    text = choice.message.text()
    why = (choice.finish_reason or "").lower()
    if choice.message.refusal or why == "content_filter":
        return RefusedContent(who=call.who, usage=usage, text=choice.message.refusal or "")
    if why in ("length", "max_tokens"):
        return Truncated(who=call.who, usage=usage, text=text)
    if why not in _DONE:
        return Nonsense(who=call.who, usage=usage, text=text, problem="it stopped for an unknown reason")
    if not text:
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    return read(text, call.schema, who=call.who, usage=usage)


def _without_choice(call: Call, reply: _Reply, usage: Usage) -> Outcome:
    """Gateways report an upstream's error inside a 200."""
    if reply.error is None:
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    code = reply.error.code
    status = code if isinstance(code, int) and 400 <= code <= 599 else 502
    return outcome_of(
        Refusal(call.who, status, code if isinstance(code, str) else "", (reply.error.message or "")[:2000])
    )
