"""Each fault comes to its outcome, by the provider's own SDK over real HTTP, in a readable sentence."""

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from campaigns.llm.outcomes import (
    Answered,
    BadRequest,
    Nonsense,
    Overloaded,
    RateLimited,
    Reason,
    TimedOut,
    Unavailable,
)
from tests.campaigns.llm import faults
from tests.campaigns.llm.conftest import KEY
from tests.servers.llm import Reply

PROVIDERS = ("openai", "anthropic", "google", "compatible")
WRAP = {
    "openai": faults.responses,
    "anthropic": faults.message,
    "google": faults.content,
    "compatible": faults.completion,
}


def assert_readable(outcome):
    sentence = outcome.sentence
    assert re.fullmatch(r"[A-Z][^{}<>\n]{15,220}[.]", sentence), sentence
    assert not re.search(r"None|Error|_|\bm-1\b.*\bm-1\b", sentence), sentence
    assert KEY not in sentence
    assert KEY[:12] not in sentence
    assert KEY not in repr(outcome)


@pytest.mark.parametrize(
    ("provider", "reply", "want"),
    [
        pytest.param(provider, reply, want, id=f"{provider}: {name}")
        for provider, name, reply, want in faults.FAULTS
    ],
)
def test_each_fault_has_its_outcome_and_is_asked_once(desk_of, provider, reply, want):
    desk = desk_of(provider)
    desk.server.script(reply)

    outcome = desk.ask()

    assert type(outcome) is want.kind, outcome
    assert {name: getattr(outcome, name) for name in want.fields} == want.fields
    assert_readable(outcome)
    assert outcome.who in outcome.sentence
    assert len(desk.server.journal) == 1, "the SDK retried by itself"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("reply", "kind", "fields"),
    [
        (Reply(status=500, body={"error": {"message": "x"}}), Unavailable, {"status": 500}),
        (Reply(status=502, body="<html>Bad gateway</html>"), Unavailable, {"status": 502}),
        (Reply(status=520, body=""), Unavailable, {"status": 520}),
        (Reply(status=503, body="", headers={"Retry-After": "30"}), Overloaded, {"retry_after": 30.0}),
        (Reply(status=529, body=""), Overloaded, {"retry_after": None}),
        (Reply(status=408, body=""), TimedOut, {}),
        (Reply(status=409, body="", headers={"Retry-After": "1"}), Unavailable, {"retry_after": 1.0}),
        (Reply(status=429, body="", headers={"Retry-After": "soon"}), RateLimited, {"retry_after": None}),
        (Reply(status=429, body="", headers={"Retry-After": "-3"}), RateLimited, {"retry_after": None}),
        (Reply(status=429, body="", headers={"Retry-After": "nan"}), RateLimited, {"retry_after": None}),
        (Reply(status=429, body="", headers={"Retry-After": "9e99"}), RateLimited, {"retry_after": 86400.0}),
        (Reply(status=418, body="[1, 2]"), BadRequest, {"reason": Reason.OTHER}),
        (Reply(status=400, body='"no"'), BadRequest, {"reason": Reason.OTHER}),
        (Reply(body=""), Nonsense, {}),
        (Reply(body='{"id": "x", "choi'), Nonsense, {}),
        (Reply(body="[]"), Nonsense, {}),
        (Reply(body=b"\xff\xfe"), Nonsense, {}),
        (Reply(body="x" * 1000, cut_after=10), Unavailable, {"status": None}),
        (
            Reply(body="", cut_after=0, headers={"Transfer-Encoding": "chunked"}),
            Unavailable,
            {"status": None},
        ),
    ],
    ids=str,
)
def test_a_fault_of_the_line_or_the_server_is_the_same_for_every_provider(
    desk_of, provider, reply, kind, fields
):
    desk = desk_of(provider)
    desk.server.script(reply)

    outcome = desk.ask()

    assert type(outcome) is kind, outcome
    assert {name: getattr(outcome, name) for name in fields} == fields
    assert_readable(outcome)
    assert len(desk.server.journal) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_date_in_retry_after_becomes_seconds(desk_of, provider):
    desk = desk_of(provider)
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    desk.server.script(Reply(status=429, body="", headers={"Retry-After": at}))

    assert 30 < desk.ask().retry_after <= 40


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang=True),
        Reply(body="x" * 1000, first_byte_after=1.5),
        Reply(body="x" * 1000, drip=0.05),
    ],
    ids=["a hang", "a slow first byte", "a drip"],
)
def test_a_call_ends_at_its_deadline_whatever_the_server_does(desk_of, provider, reply):
    """Guards the deadline over the whole exchange: each single wait of a drip is short enough."""
    desk = desk_of(provider)
    desk.ask()
    desk.server.script(reply)
    started = time.monotonic()

    outcome = desk.ask(timeout=0.4)

    assert type(outcome) is TimedOut
    assert time.monotonic() - started < 1.2
    assert (
        outcome.sentence == f"{outcome.who} did not answer within 0.4 seconds. Paitho tries again by itself."
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_slow_first_byte_within_the_timeout_is_an_answer(desk_of, provider):
    desk = desk_of(provider)
    desk.server.script(Reply(body=WRAP[provider](faults.GOOD).body, first_byte_after=0.3))

    outcome = desk.ask()

    assert isinstance(outcome, Answered)
    assert outcome.latency_ms >= 300


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nobody_listening_is_unavailable(desk_of, provider):
    desk = desk_of(provider)
    desk.server.stop()

    outcome = desk.ask()

    assert type(outcome) is Unavailable
    assert "could not be reached" in outcome.sentence


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_redirect_is_not_followed(desk_of, provider):
    """A redirect could carry the key, and the lead, to another host."""
    desk, elsewhere = desk_of(provider), desk_of(provider)
    desk.server.script(Reply(status=307, headers={"Location": elsewhere.url}))

    outcome = desk.ask()

    assert type(outcome) is BadRequest
    assert elsewhere.server.journal == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{faults.GOOD}\n```",
        f"```\n{faults.GOOD}\n```",
        f"  ```json\r\n{faults.GOOD}\r\n```\n",
        f" {faults.GOOD}\n",
    ],
)
def test_one_fenced_block_is_read_as_the_json_in_it(desk_of, provider, text):
    desk = desk_of(provider)
    desk.server.script(WRAP[provider](text))

    assert isinstance(desk.ask(), Answered)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "text",
    [
        f"Here you go: {faults.GOOD}",
        f"```json\n{faults.GOOD}\n```\nAnything else?",
        f"```json\n{faults.GOOD}\n```\n```json\n{faults.GOOD}\n```",
        f"{faults.GOOD}{faults.GOOD}",
        '```json\n{"fit": "perhaps", "reason": "x"}\n```',
        '{"fit": "yes", "reason": NaN}',
        "null",
        "[" * 100_000,
    ],
)
def test_anything_around_the_form_is_nonsense(desk_of, provider, text):
    desk = desk_of(provider)
    desk.server.script(WRAP[provider](text))

    outcome = desk.ask()

    assert type(outcome) is Nonsense
    assert outcome.usage.output > 0, "what was paid has to be counted"
    assert_readable(outcome)
