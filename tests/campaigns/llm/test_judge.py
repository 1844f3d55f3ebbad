"""A judge that is not ours: `llmock` plays all three providers and says what our client did wrong.

The client is the edge together with `pace`, as the pipeline uses them: ask, wait as told, ask again.
"""

import time

import pytest

from campaigns import pace
from campaigns.answers import Qualification
from campaigns.llm.edge import Call, Provider, ask, check_key
from campaigns.llm.outcomes import (
    Answered,
    BadKey,
    BadRequest,
    KeyOk,
    Nonsense,
    Overloaded,
    RateLimited,
    Reason,
    TimedOut,
    Unavailable,
)
from keychain.crypto.secret import Secret
from tests.campaigns.llm.conftest import anywhere

PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "google": "gemini", "compatible": "openai"}
GOOD = '{"fit": "yes", "reason": "It fits."}'


class Client:
    def __init__(self, provider, llmock):
        self.provider, self.llmock = provider, llmock
        self.url = llmock.base_url(PROVIDERS[provider])
        self.outcomes = []

    def ask(self, **changes):
        given = {
            "provider": Provider(self.provider),
            "model": {"anthropic": "claude-haiku-4-5", "google": "gemini-2.5-flash"}.get(
                self.provider, "gpt-5-mini"
            ),
            "system": "You judge leads.",
            "prompt": "The lead is Benton.",
            "schema": Qualification,
            "max_output_tokens": 500,
            "timeout": 5.0,
            "key": Secret("llmock-key"),
            "endpoint": self.url,
        }
        return ask(Call(**(given | changes)), resolve=anywhere)

    def ask_until_settled(self, **changes):
        """As the pipeline does it; the backoff's first wait is a tenth, so that the tests are quick."""
        for tries in range(1, pace.MOST_TRIES + 1):
            outcome = self.ask(**changes)
            self.outcomes.append(outcome)
            again = pace.retry_at(outcome, tries=tries, now=time.time(), chance=0.1)
            if again is None:
                break
            time.sleep(max(0.0, again - time.time()))
        return outcome


@pytest.fixture(params=PROVIDERS)
def client(request, llmock, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_WAIT", 0.1)
    return Client(request.param, llmock)


def verdict(client):
    client.llmock.assert_resilient(strict=True)
    return client.llmock.verdict()


def test_a_rate_limit_is_waited_out(client):
    client.llmock.rate_limit(times=2, retry_after=0.4).reply(GOOD)

    outcome = client.ask_until_settled()

    assert isinstance(outcome, Answered)
    assert verdict(client).attempts == 3


def test_a_rate_limit_is_told_with_its_wait(client):
    client.llmock.rate_limit(retry_after=2)

    outcome = client.ask()

    assert isinstance(outcome, RateLimited)
    assert outcome.retry_after == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Unavailable), (502, Unavailable), (503, Overloaded), (529, Overloaded)]
)
def test_a_server_error_is_asked_again(client, status, kind):
    client.llmock.fail(status, times=2, retry_after=0.2).reply(GOOD)

    client.ask_until_settled()

    assert [type(outcome) for outcome in client.outcomes] == [kind, kind, Answered]
    assert [outcome.retry_after for outcome in client.outcomes[:2]] == [0.2, 0.2]
    verdict(client)


def test_an_outage_ends_after_a_bounded_number_of_tries(client):
    client.llmock.fail(503, times=None, retry_after=0.05)

    outcome = client.ask_until_settled()

    assert isinstance(outcome, Overloaded)
    assert client.llmock.verdict().attempts == pace.MOST_TRIES
    assert client.llmock.verdict().errors == ()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_cannot_get_better_is_asked_once(client, status):
    client.llmock.fail(status, times=None)

    outcome = client.ask_until_settled()

    assert isinstance(outcome, BadKey | BadRequest)
    assert verdict(client).attempts == 1


def test_a_prompt_that_is_too_long_is_called_so(client):
    client.llmock.context_overflow()

    outcome = client.ask_until_settled()

    assert isinstance(outcome, BadRequest)
    if client.provider != "google":  # its mock does not word it as Google does
        assert outcome.reason is Reason.TOO_LONG


def test_a_slow_answer_ends_at_the_deadline(client):
    client.llmock.delay(2.0)

    assert isinstance(client.ask(timeout=0.3), TimedOut)


def test_prose_is_nonsense(client):
    client.llmock.reply("I would say that it fits.")

    assert isinstance(client.ask(), Nonsense)


def test_a_key_is_checked_by_the_list_of_models(client):
    outcome = check_key(Provider(client.provider), Secret("llmock-key"), client.url, resolve=anywhere)

    assert isinstance(outcome, KeyOk)
    assert outcome.models
