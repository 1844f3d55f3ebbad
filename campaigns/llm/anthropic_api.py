"""Anthropic's Messages API, by its own SDK. The stable part of a prompt is marked for its cache."""

import anthropic
from anthropic.types import TextBlockParam

from campaigns.llm import wire
from campaigns.llm.bodies import Body, Tokens, parse, unreadable
from campaigns.llm.edge import Account, Call
from campaigns.llm.outcomes import NO_USAGE, KeyOk, Nonsense, Outcome, RefusedContent, Truncated, Usage
from campaigns.llm.reading import read, wire_schema
from campaigns.llm.refusals import from_response

BASE_URL = "https://api.anthropic.com"

_CUT = ("max_tokens", "model_context_window_exceeded")
_DONE = ("end_turn", "stop_sequence")


class _OutputDetails(Body):
    thinking_tokens: Tokens | None = None


class _Usage(Body):
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cache_read_input_tokens: Tokens | None = None
    cache_creation_input_tokens: Tokens | None = None
    output_tokens_details: _OutputDetails | None = None

    def plain(self) -> Usage:
        """Anthropic counts cached tokens beside the input, not inside it."""
        was_read = self.cache_read_input_tokens or 0
        written = self.cache_creation_input_tokens or 0
        thought = self.output_tokens_details or _OutputDetails()
        return Usage(
            input=(self.input_tokens or 0) + was_read + written,
            cached=was_read,
            output=self.output_tokens or 0,
            reasoning=thought.thinking_tokens or 0,
            cache_written=written,
        )


class _Block(Body):
    type: str
    text: str = ""


class _Reply(Body):
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage | None = None


class _Model(Body):
    id: str


class _ModelList(Body):
    data: list[_Model]


@wire.once
def _base() -> anthropic.Anthropic:
    """One client for all keys: making one costs 30 ms. `_line` puts in the caller's key."""
    return anthropic.Anthropic(
        api_key="unset",
        base_url=BASE_URL,
        max_retries=0,
        http_client=wire.client(),
        open_telemetry=False,
    )


def _line(account: Account) -> anthropic.Anthropic:
    return _base().with_options(
        api_key=account.key.reveal(),
        base_url=account.endpoint or BASE_URL,
        timeout=wire.timeouts(account.timeout),
    )


def ask(call: Call) -> Outcome:
    system: TextBlockParam = {"type": "text", "text": call.system, "cache_control": {"type": "ephemeral"}}
    form = {"type": "json_schema", "schema": wire_schema(call.schema)}
    try:
        answer = _line(call).messages.with_raw_response.create(
            model=call.model,
            system=[system],
            messages=[{"role": "user", "content": call.prompt}],
            max_tokens=call.max_output_tokens,
            extra_body={"output_config": {"format": form}},  # see `wire_schema`
        )
    except anthropic.APIStatusError as error:
        return from_response(call.who, error.response)
    except (anthropic.APIConnectionError, *wire.BROKEN) as error:
        return wire.broken(error, call.who, call.timeout)
    body = answer.http_response.content
    reply = parse(body, _Reply)
    return _outcome(call, reply) if reply else unreadable(call.provider, call.who, body)


def _outcome(call: Call, reply: _Reply) -> Outcome:
    usage = reply.usage.plain() if reply.usage else NO_USAGE
    text = "".join(block.text for block in reply.content if block.type == "text")
    if reply.stop_reason == "refusal":
        return RefusedContent(who=call.who, usage=usage, text=text)
    if reply.stop_reason in _CUT:
        return Truncated(who=call.who, usage=usage, text=text)
    if reply.stop_reason not in _DONE:
        return Nonsense(who=call.who, usage=usage, text=text, problem="it stopped for an unknown reason")
    if not text:
        return Nonsense(who=call.who, usage=usage, problem="the answer is empty")
    return read(text, call.schema, who=call.who, usage=usage)


def list_models(account: Account) -> Outcome:
    try:
        answer = _line(account).models.with_raw_response.list(limit=1000)
    except anthropic.APIStatusError as error:
        return from_response(account.who, error.response)
    except (anthropic.APIConnectionError, *wire.BROKEN) as error:
        return wire.broken(error, account.who, account.timeout)
    body = answer.http_response.content
    found = parse(body, _ModelList)
    if found is None:
        return unreadable(account.provider, account.who, body)
    return KeyOk(who=account.who, models=tuple(sorted(model.id for model in found.data)))
