"""The edge keeps keys, workspaces and hosts apart, and loads nothing it does not need."""

import gzip
import os
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from campaigns.answers import AuditAnswer, DraftAnswer, Qualification
from campaigns.llm import wire
from campaigns.llm.edge import EndpointError, Provider, ask, check_key
from campaigns.llm.outcomes import Answered, BadKey, BadRequest, KeyOk, Nonsense, Reason, Unavailable, Usage
from keychain.crypto.secret import Secret
from tests.campaigns.llm import faults
from tests.campaigns.llm.conftest import KEY, anywhere
from tests.campaigns.llm.test_faults import PROVIDERS, WRAP
from tests.servers.llm import Reply

HEADER = {
    "openai": ("authorization", f"Bearer {KEY}"),
    "anthropic": ("authorization", f"Bearer {KEY}"),
    "google": ("x-goog-api-key", KEY),
    "compatible": ("authorization", f"Bearer {KEY}"),
}
SDKS = ("openai", "anthropic", "google.genai", "httpx2", "httpcore2")


WAY = [f"campaigns.{name}" for name in ("llm", "llm.edge", "llm.sandbox", "checks", "prompting")]


def test_importing_the_way_to_a_model_loads_no_sdk():
    code = "import sys, importlib\nfor m in sys.argv[1:]:\n    importlib.import_module(m)\n"
    code += f"    print(m, [sdk for sdk in {SDKS!r} if sdk in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code, *WAY], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [f"{module} []" for module in WAY]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_travels_in_its_header_and_nowhere_else(desk_of, provider):
    desk = desk_of(provider)

    outcomes = [desk.ask(), desk.check()]

    assert [type(outcome) for outcome in outcomes] == [Answered, KeyOk]
    name, value = HEADER[provider]
    for seen in desk.server.journal:
        assert seen.headers.pop(name) == value
        assert KEY not in f"{seen.path}{seen.headers}"
        assert KEY.encode() not in seen.body
    assert KEY not in repr(outcomes)
    assert KEY not in repr(desk.call())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_carries_the_form_the_tokens_and_the_time(desk_of, provider):
    desk = desk_of(provider)

    outcomes = [desk.ask(schema=form) for form in (Qualification, DraftAnswer, AuditAnswer)]

    assert [type(outcome.value) for outcome in outcomes] == [Qualification, DraftAnswer, AuditAnswer]
    assert all(outcome.model == "m-1" and outcome.usage.total > 0 for outcome in outcomes)


@pytest.mark.parametrize(
    ("provider", "reply", "usage"),
    [
        (
            "openai",
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 9},
                "output_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(input=100, cached=60, output=50, reasoning=30, cache_written=9),
        ),
        (
            "anthropic",
            {
                "input_tokens": 40,
                "cache_read_input_tokens": 60,
                "cache_creation_input_tokens": 5,
                "output_tokens": 50,
            },
            Usage(input=105, cached=60, output=50, cache_written=5),
        ),
        (
            "google",
            {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 60,
                "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30,
            },
            Usage(input=100, cached=60, output=50, reasoning=30),
        ),
        (
            "compatible",
            {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 60}},
            Usage(input=100, cached=60, output=50),
        ),
        ("compatible", None, Usage()),
    ],
)
def test_tokens_are_counted_alike(desk_of, provider, reply, usage):
    desk = desk_of(provider)
    body = WRAP[provider](faults.GOOD).body
    desk.server.script(Reply(body=body | {"usageMetadata" if provider == "google" else "usage": reply}))

    assert desk.ask().usage == usage


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_stable_part_goes_first_and_the_lead_last(desk_of, provider):
    """Providers cache a prefix: a lead before the instructions would make every call a miss."""
    desk = desk_of(provider)

    desk.ask(system="STABLE", prompt="LEAD")

    sent = desk.server.journal[0].body.decode()
    assert sent.count("STABLE") == sent.count("LEAD") == 1
    if provider == "compatible":
        assert sent.index("STABLE") < sent.index("LEAD")


def test_openai_is_told_to_store_nothing(desk_of):
    desk = desk_of("openai")

    desk.ask()

    assert desk.server.journal[0].json["store"] is False


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_schema_sent_is_closed_and_within_what_all_providers_take(desk_of, provider):
    desk = desk_of(provider)

    desk.ask(schema=DraftAnswer)

    sent = desk.server.journal[0].body.decode()
    assert '"additionalProperties"' in sent
    for word in ("$ref", "$defs", "maxLength", "minItems", '"title"', '"default"'):
        assert word not in sent


OPERATORS = {
    **dict.fromkeys(
        ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"), "operators-own"
    ),
    **dict.fromkeys(
        ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"), "operators-own"
    ),
    **dict.fromkeys(
        ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"), "http://127.0.0.1:9/"
    ),
    **dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9/"
    ),
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_GENAI_API_VERSION": "v9",
}
ASK = """
import sys
from campaigns.answers import Qualification
from campaigns.llm.edge import Call, Provider, ask
from keychain.crypto.secret import Secret
provider, url = sys.argv[1:]
given = dict(model="m-1", system="s", prompt="p", schema=Qualification, max_output_tokens=9, timeout=9.0)
call = Call(provider=Provider(provider), key=Secret("customers-own"), endpoint=url, **given)
print(ask(call, resolve=lambda host, port: host).name)
print(*[name for name in ("openai", "anthropic", "google.genai") if name in sys.modules])
"""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_operators_own_account_is_never_used_and_one_sdk_only_is_loaded(desk_of, provider):
    """Guards the explicit options of each SDK's client: all of them read the environment."""
    desk = desk_of(provider)

    done = subprocess.run(
        [sys.executable, "-c", ASK, provider, desk.url],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | OPERATORS,
    )

    own = {"compatible": "openai", "google": "google.genai"}.get(provider, provider)
    assert done.stdout.split() == ["answered", own]
    seen = desk.server.journal[0]
    assert "customers-own" in str(seen.headers)
    assert "operators-own" not in f"{seen.headers}{seen.path}{seen.body!r}"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_cookie_goes_from_one_call_to_the_next(desk_of, provider):
    """One client serves every workspace: a cookie would be a thread between them."""
    desk = desk_of(provider)
    good = WRAP[provider](faults.GOOD).body
    desk.server.script(Reply(body=good, headers={"Set-Cookie": "who=acme; Path=/"}))

    desk.ask()
    desk.ask()

    assert "cookie" not in desk.server.journal[1].headers


@pytest.mark.parametrize("provider", PROVIDERS)
def test_many_threads_with_many_keys_never_mix_them(desk_of, provider):
    desk = desk_of(provider)
    desk.ask()
    desk.server.journal.clear()

    def one(number):
        return desk.ask(key=Secret(f"key-{number:03}"), prompt=f"lead-{number:03}")

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(one, range(64)))

    assert all(isinstance(outcome, Answered) for outcome in outcomes)
    for seen in desk.server.journal:
        number = seen.headers[HEADER[provider][0]][-3:]
        assert f"lead-{number}".encode() in seen.body


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "käse", "x" * 2000, "sk-\x00"])
def test_what_cannot_be_a_key_is_not_sent(desk_of, provider, key):
    desk = desk_of(provider)

    assert type(desk.ask(key=Secret(key))) is BadKey
    assert type(desk.check(key)) is BadKey
    assert desk.server.journal == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "model", ["", "../secrets", "a/../b", "m 1", "m\n", "m?key=1", "m#x", "m%2e", "a//b", "x" * 200]
)
def test_what_cannot_be_a_model_is_not_sent(desk_of, provider, model):
    desk = desk_of(provider)

    outcome = desk.ask(model=model)

    assert isinstance(outcome, BadRequest)
    assert outcome.reason is Reason.UNKNOWN_MODEL
    assert desk.server.journal == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_half_a_character_does_not_stop_a_call(desk_of, provider):
    assert isinstance(desk_of(provider).ask(prompt="a\ud800b"), Answered)


def test_a_call_does_not_travel(desk_of):
    with pytest.raises(TypeError):
        pickle.dumps(desk_of("openai").call())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_check_lists_the_models_that_write(desk_of, provider):
    outcome = desk_of(provider).check()

    assert isinstance(outcome, KeyOk)
    assert (
        outcome.models
        == {
            "openai": ("gpt-5", "gpt-5-mini"),
            "anthropic": ("claude-haiku-4-5", "claude-sonnet-4-5"),
            "google": ("gemini-2.5-flash",),
            "compatible": ("gpt-5", "gpt-5-mini", "text-embedding-3-small", "whisper-1"),
        }[provider]
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_check_says_what_is_wrong(desk_of, provider):
    desk = desk_of(provider)
    desk.server.script(Reply(status=401, body={}), Reply(body="[1"), Reply(body='{"data": 7, "models": 7}'))

    outcomes = [desk.check() for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [BadKey, Nonsense, Nonsense]


def test_a_restricted_key_that_may_write_but_not_list_is_good(desk_of):
    desk = desk_of("openai")
    desk.server.script(faults.openai_error(403, "Missing scopes: api.model.read"))

    outcome = desk.check()

    assert isinstance(outcome, KeyOk)
    assert outcome.models == ()


def test_the_sandbox_asks_nobody():
    assert isinstance(check_key(Provider.SANDBOX, Secret("")), KeyOk)
    assert not Provider.SANDBOX.asks_a_model


class TestEndpoints:
    def test_no_guard_means_no_endpoint(self, desk_of):
        desk = desk_of("compatible")

        assert ask(desk.call()).reason is Reason.BAD_ENDPOINT
        assert desk.server.journal == []

    @pytest.mark.parametrize(
        "endpoint",
        [
            None,
            "",
            "localhost",
            "ftp://llm.example/v1",
            "file:///etc/passwd",
            "http://llm.example:99999/v1",
            "http://user:pass@127.0.0.1/v1",
            "http://127.0.0.1/v1?x=1",
            "http://127.0.0.1/v1#x",
            "http://[::1/v1",
            "http:///v1",
            "http://127.0.0.1 /v1",
            "http://ex\nample/v1",
            "http://пример/v1",
        ],
    )
    def test_what_is_no_plain_url_is_refused(self, desk_of, endpoint):
        outcome = ask(desk_of("compatible").call(endpoint=endpoint), resolve=anywhere)

        assert outcome.reason is Reason.BAD_ENDPOINT
        assert "pass" not in outcome.sentence

    def test_plain_http_leaves_the_private_network_never(self, desk_of):
        call = desk_of("compatible").call(endpoint="http://llm.example/v1")

        assert ask(call, resolve=lambda host, port: "93.184.215.14").reason is Reason.BAD_ENDPOINT

    def test_a_refused_host_is_not_connected_to(self, desk_of):
        def nowhere(host, port):
            raise EndpointError

        for scheme in ("http", "https"):
            call = desk_of("compatible").call(endpoint=f"{scheme}://metadata.internal/v1")
            assert ask(call, resolve=nowhere).reason is Reason.BAD_ENDPOINT

    def test_a_host_that_cannot_be_found_is_unavailable(self, desk_of):
        def unknown(host, port):
            raise OSError("no such host")

        call = desk_of("compatible").call(endpoint="http://nowhere.example/v1")

        assert isinstance(ask(call, resolve=unknown), Unavailable)

    def test_the_connection_goes_where_the_guard_said(self, desk_of):
        """Guards against a name that changes its address between the check and the connection."""
        desk = desk_of("compatible")
        asked = []

        def pinned(host, port):
            asked.append(host)
            return "127.0.0.1"

        call = desk.call(endpoint=desk.url.replace("127.0.0.1", "llm.paitho.invalid"))

        outcome = ask(call, resolve=pinned)

        assert isinstance(outcome, Answered)
        assert outcome.who == "The endpoint at llm.paitho.invalid"
        assert set(asked) == {"llm.paitho.invalid"}
        assert desk.server.journal[0].headers["host"].startswith("llm.paitho.invalid:")

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (b" " * 5_000_000, {}),
            (gzip.compress(b" " * 200_000_000, 6), {"Content-Encoding": "gzip"}),
            (gzip.compress(gzip.compress(b"{}")), {"Content-Encoding": "gzip, gzip"}),
            (b"{}", {"Content-Encoding": "br"}),
        ],
        ids=["long", "bomb", "nested", "unknown"],
    )
    def test_an_answer_that_would_fill_the_memory_is_dropped(self, desk_of, body, headers):
        desk = desk_of("compatible")
        desk.server.script(Reply(body=body, headers=headers))

        assert isinstance(desk.ask(), Unavailable)

    def test_a_packed_answer_of_usual_size_is_read(self, desk_of):
        desk = desk_of("compatible")
        packed = gzip.compress(faults.completion(faults.GOOD).raw())
        desk.server.script(Reply(body=packed, headers={"Content-Encoding": "gzip"}))

        assert isinstance(desk.ask(), Answered)


class TestWaysOfAsking:
    NO_SCHEMA = faults.openai_error(400, "response_format: json_schema is not supported by this model")
    NO_JSON = faults.openai_error(422, "response_format is not allowed")

    def test_an_endpoint_without_schemas_is_asked_for_json_and_remembered(self, desk_of):
        desk = desk_of("compatible")
        good = faults.completion(faults.GOOD)
        desk.server.script(self.NO_SCHEMA, good, good)

        first, second = desk.ask(), desk.ask()

        assert isinstance(first, Answered)
        assert isinstance(second, Answered)
        formats = [seen.json["response_format"]["type"] for seen in desk.server.journal]
        assert formats == ["json_schema", "json_object", "json_object"]
        assert '"fit"' in desk.server.journal[1].json["messages"][0]["content"]

    def test_an_endpoint_without_any_form_is_asked_in_words(self, desk_of):
        desk = desk_of("compatible")
        desk.server.script(self.NO_SCHEMA, self.NO_JSON, faults.completion(f"```json\n{faults.GOOD}\n```"))

        assert isinstance(desk.ask(), Answered)
        assert "response_format" not in desk.server.journal[2].json

    def test_another_error_is_not_asked_again(self, desk_of):
        desk = desk_of("compatible")
        desk.server.script(faults.openai_error(400, "temperature is too high"))

        assert isinstance(desk.ask(), BadRequest)
        assert len(desk.server.journal) == 1


def test_a_worker_that_leaves_ends_no_other_call(desk_of):
    desk = desk_of("google")
    desk.server.latency = 0.2
    results = []
    threads = [threading.Thread(target=lambda: results.append(desk.ask())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [type(result) for result in results] == [Answered] * 8


def test_what_is_made_once_is_made_once_even_by_many_threads_at_a_time():
    """Guards memory: a client of each SDK holds TLS contexts, and a hundred threads start together."""
    made = []

    @wire.once
    def slow():
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: slow(), range(32)))

    assert len(made) == 1
    assert set(got) == set(made)
