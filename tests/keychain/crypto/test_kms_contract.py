"""What every KMS promises, asked of a master key file and of AWS over HTTP."""

import dataclasses
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from keychain.crypto.kms import Context, KmsError, KmsRefused
from keychain.crypto.secret import Secret
from paitho.lib.ids import uuid7

CONTEXT = Context(uuid7(), "data", 1)


def test_a_generated_key_has_32_bytes_and_opens_from_its_wrap(held):
    secret, wrapped = held.kms.generate(CONTEXT)

    assert len(secret.reveal_bytes()) == 32
    assert held.kms.unwrap(wrapped, CONTEXT) == secret


def test_no_two_generated_keys_are_alike(held):
    assert len({held.kms.generate(CONTEXT)[0].reveal_bytes() for _ in range(10)}) == 10


@pytest.mark.parametrize("value", [b"\0", "pässword", bytes(32), b"\xff" * 4096])
def test_a_secret_of_one_s_own_opens_from_its_wrap(held, value):
    wrapped = held.kms.wrap(Secret(value), CONTEXT)

    assert held.kms.unwrap(wrapped, CONTEXT) == Secret(value)
    assert held.kms.unwrap(memoryview(wrapped), CONTEXT) == Secret(value)


def test_a_wrap_shows_nothing_and_differs_each_time(held):
    wraps = [held.kms.wrap(Secret(b"canary-of-olga"), CONTEXT) for _ in range(3)]

    assert len(set(wraps)) == 3
    assert not any(b"canary" in wrapped for wrapped in wraps)


@pytest.mark.parametrize("change", [{"workspace": uuid7()}, {"purpose": "index"}, {"version": 2}])
def test_a_wrap_does_not_open_in_another_context(held, change):
    _, wrapped = held.kms.generate(CONTEXT)

    with pytest.raises(KmsRefused):
        held.kms.unwrap(wrapped, dataclasses.replace(CONTEXT, **change))


def test_a_wrap_does_not_open_with_another_key(held):
    _, wrapped = held.kms.generate(CONTEXT)

    with pytest.raises(KmsRefused):
        held.other.unwrap(wrapped, CONTEXT)


def test_a_changed_wrap_is_refused(held):
    _, wrapped = held.kms.generate(CONTEXT)
    changed = [
        wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(0, len(wrapped), 3)
    ]
    changed += [wrapped[:-1], wrapped[1:], wrapped + b"\0", wrapped[:12], wrapped[:40], b"", b"x", bytes(100)]
    changed += [bytes(100_000)]

    for other in changed:
        with pytest.raises(KmsRefused):
            held.kms.unwrap(other, CONTEXT)


@pytest.mark.parametrize("size", [0, 4097])
def test_a_secret_of_the_wrong_size_is_refused(held, size):
    with pytest.raises(KmsRefused, match="4096"):
        held.kms.wrap(Secret(bytes(size)), CONTEXT)


def test_nothing_opens_while_the_key_is_taken_away(held):
    secret, wrapped = held.kms.generate(CONTEXT)
    held.take_away()

    for attempt in (
        lambda: held.kms.unwrap(wrapped, CONTEXT),
        lambda: held.kms.wrap(secret, CONTEXT),
        lambda: held.kms.generate(CONTEXT),
    ):
        with pytest.raises(KmsError):
            attempt()

    held.give_back()
    assert held.kms.unwrap(wrapped, CONTEXT) == secret


def test_a_name_tells_keys_apart(held):
    assert held.kms.name
    assert held.kms.name == held.kms.name
    assert held.kms.name != held.other.name


def test_threads_share_one_kms(held):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: held.kms.generate(CONTEXT), range(24)))
        opened = list(pool.map(lambda pair: held.kms.unwrap(pair[1], CONTEXT), made))

    assert opened == [secret for secret, _ in made]


def test_a_refusal_is_a_sentence_and_carries_no_key(held):
    """Guards that no frame that a refusal passes on its way holds the key in clear."""
    secret = Secret(b"canary-of-olga-canary-of-olga-32")
    wrapped = held.kms.wrap(secret, CONTEXT)
    held.take_away()
    told = []

    for attempt in (lambda: held.kms.wrap(secret, CONTEXT), lambda: held.kms.unwrap(wrapped, CONTEXT)):
        with pytest.raises(KmsError) as refusal:
            attempt()
        shown = traceback.TracebackException.from_exception(refusal.value, capture_locals=True)
        told.append("".join(shown.format()))
        assert str(refusal.value).endswith(".")

    assert "canary" not in "".join(told)
