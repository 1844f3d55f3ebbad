"""The one door to language models: a call goes in, an outcome comes out, nothing is raised."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Protocol, cast

from pydantic import BaseModel

from campaigns.facts import Facts
from campaigns.llm import Provider
from campaigns.llm.endpoints import EndpointError, Resolve, host_of, usable
from campaigns.llm.outcomes import (
    Answered,
    BadKey,
    BadRequest,
    KeyOk,
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
    Usage,
)
from keychain.crypto.secret import Secret

__all__ = [
    "Account",
    "Answered",
    "BadKey",
    "BadRequest",
    "Call",
    "EndpointError",
    "KeyOk",
    "NoCredit",
    "Nonsense",
    "Outcome",
    "Overloaded",
    "Provider",
    "RateLimited",
    "Reason",
    "RefusedContent",
    "Resolve",
    "TimedOut",
    "Truncated",
    "Unavailable",
    "Usage",
    "ask",
    "check_key",
]

KEY_CHECK_SECONDS = 20.0

_MODEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:@+-]|/(?=[A-Za-z0-9])){0,127}")
_KEY = re.compile(rb"[!-~]{1,1000}")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom to ask, with which key. `endpoint` is a base URL in place of the provider's own;
    `timeout` bounds the whole exchange, in seconds."""

    provider: Provider
    key: Secret = field(repr=False)
    endpoint: str | None = None
    timeout: float = 60.0

    @property
    def who(self) -> str:
        if self.provider is Provider.COMPATIBLE and self.endpoint:
            return f"The endpoint at {host_of(self.endpoint)}"
        return self.provider.label


@dataclass(frozen=True, kw_only=True)
class Call(Account):
    """One question. `system` is the stable part and goes first (providers cache it), `prompt` the
    lead; the answer has to fit `schema`. `facts` is what the sandbox writes from: no provider sees it."""

    model: str
    system: str = field(repr=False)
    prompt: str = field(repr=False)
    schema: type[BaseModel]
    max_output_tokens: int
    facts: Facts | None = field(default=None, repr=False)


class Adapter(Protocol):
    """What each provider's module offers."""

    def ask(self, call: Call) -> Outcome: ...

    def list_models(self, account: Account) -> Outcome: ...


def ask(call: Call, *, resolve: Resolve | None = None) -> Outcome:
    """Ask one question and wait for its outcome. `resolve` guards an endpoint and is needed for one."""
    if not _MODEL.fullmatch(call.model):
        return BadRequest(who=call.who, model="given", reason=Reason.UNKNOWN_MODEL)
    if call.provider is Provider.SANDBOX:
        return _played(call)
    if refusal := _refusal(call, resolve):
        return replace(refusal, model=call.model)
    sayable = replace(call, system=_encodable(call.system), prompt=_encodable(call.prompt))
    outcome = _timed(lambda: _guarded(sayable, resolve, lambda adapter: adapter.ask(sayable)))
    return replace(outcome, model=call.model)


def check_key(
    provider: Provider, key: Secret, endpoint: str | None = None, *, resolve: Resolve | None = None
) -> Outcome:
    """Ask for the list of models, which costs nothing: `KeyOk` with their names, or what went wrong."""
    account = Account(provider=provider, key=key, endpoint=endpoint, timeout=KEY_CHECK_SECONDS)
    if provider is Provider.SANDBOX:
        return KeyOk(who=account.who, models=("templates",)) if _may_play() else _no_sandbox(account)
    if refusal := _refusal(account, resolve):
        return refusal
    return _timed(lambda: _guarded(account, resolve, lambda adapter: adapter.list_models(account)))


def _played(call: Call) -> Outcome:
    from campaigns.llm import sandbox

    return _timed(lambda: sandbox.ask(call)) if _may_play() else _no_sandbox(call)


def _may_play() -> bool:
    """The sandbox exists in the embedded default only: elsewhere its texts would pass for a model's."""
    from django.conf import settings

    return settings.EMBEDDED is True


def _no_sandbox(account: Account) -> Outcome:
    return BadRequest(who=account.who, reason=Reason.NO_SANDBOX)


def _refusal(account: Account, resolve: Resolve | None) -> Outcome | None:
    """What can be told without the network: no provider is asked with a key that cannot be one."""
    if not _KEY.fullmatch(account.key.reveal_bytes()):
        return BadKey(who=account.who)
    if account.provider is Provider.COMPATIBLE and account.endpoint is None:
        return BadRequest(who=account.who, reason=Reason.BAD_ENDPOINT)
    if account.endpoint is not None and not usable(account.endpoint, resolve):
        return BadRequest(who=account.who, reason=Reason.BAD_ENDPOINT)
    return None


def _guarded(account: Account, resolve: Resolve | None, act: Callable[[Adapter], Outcome]) -> Outcome:
    from campaigns.llm import wire

    adapter = cast("Adapter", import_module(f"campaigns.llm.{account.provider.value}_api"))
    with wire.journey(account.timeout, resolve if account.endpoint else None):
        return act(adapter)


def _encodable(text: str) -> str:
    """Half a character (a lone surrogate) cannot be sent; it becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _timed(act: Callable[[], Outcome]) -> Outcome:
    started = time.perf_counter()
    outcome = act()
    return replace(outcome, latency_ms=round((time.perf_counter() - started) * 1000))
