"""Keys stay for five minutes at most, and fifty threads cost one call."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from keychain.crypto import keyring
from keychain.crypto.keyring import KeyCache
from keychain.crypto.kms import Context, KmsRefused, KmsUnavailable
from keychain.crypto.secret import Secret
from paitho.lib.ids import uuid7

ACME, RIVAL = uuid7(), uuid7()
ACME_KEY = Context(ACME, "data", 1)


class ScriptedKms:
    """Opens a wrap to itself, counts, and can be told to fail or to wait."""

    name = "scripted"

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def unwrap(self, wrapped: bytes, context: Context) -> Secret:
        self.calls += 1
        self.gate.wait(5)
        if self.error is not None:
            raise self.error
        return Secret(wrapped)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def kms() -> ScriptedKms:
    return ScriptedKms()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(kms, clock) -> KeyCache:
    return KeyCache(kms_for={"here": kms}.__getitem__, clock=clock)


def ask_together(cache: KeyCache, kms: ScriptedKms, threads: int = 50) -> list[object]:
    """What each of many threads gets that ask for one key while the KMS is thinking."""

    started = threading.Semaphore(0)

    def ask(_: int) -> object:
        started.release()
        try:
            return cache.get(ACME_KEY, b"wrap", "here")
        except (KmsUnavailable, KmsRefused) as error:
            return error

    kms.gate.clear()
    with ThreadPoolExecutor(threads) as pool:
        asking = [pool.submit(ask, n) for n in range(threads)]
        for _ in range(threads):
            started.acquire()
        time.sleep(0.2)
        kms.gate.set()
        return [future.result() for future in asking]


def test_a_warm_key_costs_no_call(cache, kms):
    assert cache.get(ACME_KEY, b"wrap", "here") == Secret(b"wrap")
    assert cache.get(ACME_KEY, b"wrap", "here") == Secret(b"wrap")

    assert kms.calls == 1
    assert len(cache) == 1


def test_fifty_threads_cost_one_call(cache, kms):
    answers = ask_together(cache, kms)

    assert answers == [Secret(b"wrap")] * 50
    assert kms.calls == 1


def test_fifty_threads_share_one_refusal_and_the_next_asks_again(cache, kms):
    kms.error = KmsUnavailable("Down.")

    answers = ask_together(cache, kms)

    assert [(type(a), str(a)) for a in answers] == [(KmsUnavailable, "Down.")] * 50
    assert len({id(a) for a in answers}) == 50
    assert kms.calls == 1
    kms.error = None
    assert cache.get(ACME_KEY, b"wrap", "here") == Secret(b"wrap")


def test_a_crash_of_the_thread_that_asks_leaves_no_other_waiting(cache, kms):
    """Guards the wait: whoever waited for a call that crashed asks for itself."""
    kms.gate.clear()
    kms.error = RuntimeError("crash")
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(cache.get, ACME_KEY, b"wrap", "here") for _ in range(3)]
        time.sleep(0.05)
        kms.gate.set()
        errors = [future.exception(5) for future in asking]

    assert [type(error) for error in errors] == [RuntimeError] * 3


def test_a_key_is_asked_for_again_after_five_minutes(cache, kms, clock):
    cache.get(ACME_KEY, b"wrap", "here")
    clock.now += 299.9
    cache.get(ACME_KEY, b"wrap", "here")
    assert kms.calls == 1

    clock.now += 0.1
    cache.get(ACME_KEY, b"wrap", "here")
    assert kms.calls == 2


def test_a_key_that_will_not_last_is_asked_for_anew_and_serves_others_meanwhile(cache, kms, clock):
    cache.get(ACME_KEY, b"wrap", "here")
    clock.now += 200
    cache.get(ACME_KEY, b"wrap", "here", lasting=99)
    assert kms.calls == 1
    kms.error = KmsUnavailable("Down.")

    with pytest.raises(KmsUnavailable):
        cache.get(ACME_KEY, b"wrap", "here", lasting=100)
    assert cache.get(ACME_KEY, b"wrap", "here")

    kms.error = None
    cache.get(ACME_KEY, b"wrap", "here", lasting=100)
    clock.now += 200
    assert cache.get(ACME_KEY, b"wrap", "here")
    assert kms.calls == 3


def test_use_does_not_lengthen_a_key_s_time(cache, kms, clock):
    for _ in range(10):
        cache.get(ACME_KEY, b"wrap", "here")
        clock.now += 60

    assert kms.calls == 2


def test_an_outage_does_not_lengthen_a_key_s_time(cache, kms, clock):
    cache.get(ACME_KEY, b"wrap", "here")
    kms.error = KmsUnavailable("Down.")
    clock.now += 299
    assert cache.get(ACME_KEY, b"wrap", "here")

    clock.now += 1
    with pytest.raises(KmsUnavailable):
        cache.get(ACME_KEY, b"wrap", "here")


def test_the_time_runs_from_the_question_not_from_the_answer(cache, kms, clock):
    kms.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(cache.get, ACME_KEY, b"wrap", "here")
        while not kms.calls:
            time.sleep(0.001)
        clock.now += 200
        kms.gate.set()
        asking.result()
    clock.now += 100
    cache.get(ACME_KEY, b"wrap", "here")

    assert kms.calls == 2


def test_an_idle_key_leaves_memory_unasked(kms):
    """Guards the sweeper: five minutes in memory means five minutes, not until somebody asks."""
    cache = KeyCache(kms_for=lambda _: kms, ttl=0.05)

    for wraps in ([b"one", b"two"], [b"three"]):
        for wrapped in wraps:
            cache.get(ACME_KEY, wrapped, "here")
            time.sleep(0.02)
        deadline = time.monotonic() + 10
        while len(cache) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(cache) == 0


def test_another_context_wrap_or_kms_is_another_key(kms, clock):
    cache = KeyCache(kms_for=lambda _: kms, clock=clock)
    cache.get(ACME_KEY, b"wrap", "here")
    cache.get(Context(ACME, "data", 2), b"wrap", "here")
    cache.get(Context(ACME, "index", 1), b"wrap", "here")
    cache.get(Context(RIVAL, "data", 1), b"wrap", "here")
    cache.get(ACME_KEY, b"rewrapped", "here")
    cache.get(ACME_KEY, b"wrap", "there")

    assert kms.calls == 6


def test_a_forgotten_workspace_is_asked_for_again_and_no_other(cache, kms):
    cache.get(ACME_KEY, b"wrap", "here")
    cache.get(Context(RIVAL, "data", 1), b"wrap", "here")

    cache.forget(ACME)

    assert len(cache) == 1
    cache.get(Context(RIVAL, "data", 1), b"wrap", "here")
    assert kms.calls == 2
    cache.get(ACME_KEY, b"wrap", "here")
    assert kms.calls == 3


@pytest.mark.parametrize("forget", [lambda cache: cache.forget(ACME), lambda cache: cache.clear()])
def test_an_answer_under_way_is_not_kept_after_forgetting(cache, kms, forget):
    """Guards shredding: a key that was asked for before must not come back after."""
    kms.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(cache.get, ACME_KEY, b"wrap", "here")
        while not kms.calls:
            time.sleep(0.001)
        forget(cache)
        kms.gate.set()
        asking.result()

    assert len(cache) == 0


def test_its_size_is_bounded_and_the_least_used_goes_first(cache, kms):
    for number in range(keyring.MOST_KEYS):
        cache.get(ACME_KEY, b"%d" % number, "here")
    cache.get(ACME_KEY, b"0", "here")
    cache.get(ACME_KEY, b"new", "here")
    assert len(cache) == keyring.MOST_KEYS
    calls = kms.calls

    cache.get(ACME_KEY, b"0", "here")
    assert kms.calls == calls
    cache.get(ACME_KEY, b"1", "here")
    assert kms.calls == calls + 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_starts_with_no_key_and_a_free_lock(cache, kms):
    """Guards the at-fork reset: no key outlives its time in a child that has no sweeper."""
    cache.get(ACME_KEY, b"wrap", "here")
    child = os.fork()
    if child == 0:
        fresh = len(cache) == 0 and cache.get(ACME_KEY, b"wrap", "here") == Secret(b"wrap")
        os._exit(0 if fresh and kms.calls == 2 else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_by_default_a_kms_is_found_by_its_url(tmp_path):
    cache = KeyCache()
    url = f"local:{tmp_path}/master.key"
    secret, wrapped = keyring.kms_from_url(url).generate(ACME_KEY)

    assert cache.get(ACME_KEY, memoryview(wrapped), url) == secret
    with pytest.raises(KmsRefused):
        cache.get(Context(RIVAL, "data", 1), wrapped, url)
    assert "wrap" not in repr(cache)
