"""HMAC-SHA256 against the RFC and the standard library."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keychain.crypto.mac import Mac
from keychain.crypto.secret import Secret

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.binary(max_size=300))
def test_a_code_is_the_standard_library_s(key, message):
    assert Mac(key)(message) == hmac.digest(key, message, hashlib.sha256)
    assert Mac(Secret(key))(message) == hmac.digest(key, message, hashlib.sha256)


@given(KEYS, st.binary(max_size=100), st.lists(st.binary(max_size=100), max_size=5))
def test_codes_of_a_growing_message_are_those_of_its_beginnings(key, start, steps):
    beginnings = [start + b"".join(steps[: n + 1]) for n in range(len(steps))]

    assert Mac(key).growing(start, steps) == [hmac.digest(key, b, hashlib.sha256) for b in beginnings]


def test_one_mac_serves_many_messages():
    mac = Mac(bytes(32))

    assert mac(b"one") == mac(b"one") != mac(b"two")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(64), Secret("short"), "x" * 32, None])
def test_a_key_of_another_size_is_refused(key):
    with pytest.raises(ValueError, match="32 bytes"):
        Mac(key)
