"""The envelope opens where it was sealed, unchanged, and nowhere else."""

import dataclasses
import pickle
import traceback
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from keychain.crypto.envelope import (
    OVERHEAD,
    Place,
    SealBroken,
    Sealer,
    is_envelope,
    key_id_of,
    seal,
    unseal,
)
from keychain.crypto.secret import Secret
from paitho.lib.ids import uuid7
from tests.keychain.crypto import reference

KEY = bytes(range(32))
ACME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
PLACE = Place(ACME, "leads", "profile", UUID("01890a5d-ac96-774b-bcce-b302099a8058"))
CANARY = b"canary-of-olga"
ENVELOPE = seal(CANARY, key=KEY, key_id=7, place=PLACE)

KEYS = st.binary(min_size=32, max_size=32)
PLACES = st.builds(Place, st.uuids(), st.text(max_size=30), st.text(max_size=30), st.uuids())
KEY_IDS = st.integers(0, 2**32 - 1)


@given(st.binary(max_size=2000), KEYS, KEY_IDS, PLACES)
def test_what_was_sealed_opens(plaintext, key, key_id, place):
    envelope = seal(plaintext, key=key, key_id=key_id, place=place)

    assert unseal(envelope, key=key, place=place) == plaintext
    assert key_id_of(envelope) == key_id
    assert is_envelope(envelope)
    assert len(envelope) == len(plaintext) + OVERHEAD


@given(st.binary(max_size=2000), KEYS, KEY_IDS, PLACES)
def test_an_independent_implementation_makes_and_opens_the_same_bytes(plaintext, key, key_id, place):
    envelope = seal(plaintext, key=key, key_id=key_id, place=place)
    theirs = reference.seal(plaintext, key, key_id, place, salt=envelope[6:30])

    assert envelope == theirs
    assert reference.unseal(envelope, key, place) == plaintext


@given(KEYS, PLACES, KEYS, PLACES)
def test_another_key_or_place_opens_nothing(key, place, other_key, other_place):
    envelope = seal(CANARY, key=key, key_id=1, place=place)
    if (key, place) == (other_key, other_place):
        return

    with pytest.raises(SealBroken):
        unseal(envelope, key=other_key, place=other_place)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_refusal(data):
    with pytest.raises(SealBroken):
        unseal(data, key=KEY, place=PLACE)


def test_no_bit_can_be_flipped():
    for bit in range(len(ENVELOPE) * 8):
        flipped = bytearray(ENVELOPE)
        flipped[bit // 8] ^= 1 << bit % 8

        with pytest.raises(SealBroken):
            unseal(bytes(flipped), key=KEY, place=PLACE)


def test_it_cannot_be_cut_or_grown():
    cuts = [ENVELOPE[:length] for length in range(len(ENVELOPE))]
    cuts += [ENVELOPE[start:] for start in range(1, len(ENVELOPE))]
    cuts += [ENVELOPE + b"\0", b"\0" + ENVELOPE, ENVELOPE * 2]

    for changed in cuts:
        with pytest.raises(SealBroken):
            unseal(changed, key=KEY, place=PLACE)


@pytest.mark.parametrize(
    "change",
    [
        {"workspace": uuid7()},
        {"table": "drafts"},
        {"table": "lead"},
        {"column": "email"},
        {"row": uuid7()},
        {"table": "leadsp", "column": "rofile"},
        {"table": "lead", "column": "sprofile"},
        {"workspace": PLACE.row, "row": PLACE.workspace},
        {"table": "profile", "column": "leads"},
    ],
)
def test_it_does_not_open_in_another_place(change):
    with pytest.raises(SealBroken):
        unseal(ENVELOPE, key=KEY, place=dataclasses.replace(PLACE, **change))


def test_its_key_id_cannot_be_exchanged():
    """Guards that the key id is bound: two versions of a key may be held under one id by mistake."""
    other = ENVELOPE[:2] + (8).to_bytes(4, "big") + ENVELOPE[6:]

    with pytest.raises(SealBroken):
        unseal(other, key=KEY, place=PLACE)


@pytest.mark.parametrize("version", [0, 2, 255])
def test_its_version_cannot_be_changed(version):
    other = bytes([ENVELOPE[0], version]) + ENVELOPE[2:]

    assert not is_envelope(other)
    with pytest.raises(SealBroken):
        unseal(other, key=KEY, place=PLACE)


def test_its_parts_cannot_be_mixed_with_those_of_another():
    twin = seal(CANARY, key=KEY, key_id=7, place=PLACE)

    for edge in (30, 46, len(twin) - 16):
        with pytest.raises(SealBroken):
            unseal(ENVELOPE[:edge] + twin[edge:], key=KEY, place=PLACE)


def test_a_ciphertext_made_for_a_second_key_is_refused_by_the_commitment():
    """Guards the commitment: without it an envelope can be built that a chosen second key opens."""
    second = bytes(32)
    derived = reference.hkdf_expand(second, b"paitho envelope 1" + ENVELOPE[6:30], 60)
    bound = reference.additional_data(7, PLACE)
    body = AESGCM(derived[:32]).encrypt(derived[32:44], b"another text", bound)

    with pytest.raises(SealBroken):
        unseal(ENVELOPE[:46] + body, key=second, place=PLACE)


def test_equal_values_look_different_each_time():
    assert len({seal(CANARY, key=KEY, key_id=7, place=PLACE)[6:] for _ in range(100)}) == 100


def test_a_column_s_sealer_and_the_single_calls_understand_each_other():
    sealer = Sealer(Secret(KEY), 7, PLACE.workspace, PLACE.table, PLACE.column)
    rows = [uuid7() for _ in range(5)]
    values = [f"value {n}".encode() for n in range(5)]

    envelopes = sealer.seal_many(zip(rows, values, strict=True))

    for row, value, envelope in zip(rows, values, envelopes, strict=True):
        assert unseal(envelope, key=KEY, place=dataclasses.replace(PLACE, row=row)) == value
    assert sealer.unseal_many(zip(rows, envelopes, strict=True)) == values
    assert sealer.unseal(PLACE.row, ENVELOPE) == CANARY
    with pytest.raises(SealBroken):
        sealer.unseal_many([(rows[0], envelopes[0]), (rows[1], envelopes[2])])


def test_a_sealer_refuses_the_envelopes_of_another_key_id():
    sealer = Sealer(KEY, 8, PLACE.workspace, PLACE.table, PLACE.column)

    with pytest.raises(SealBroken):
        sealer.unseal(PLACE.row, ENVELOPE)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_it_opens_from_whatever_the_driver_gives(kind):
    assert unseal(kind(ENVELOPE), key=KEY, place=PLACE) == CANARY


@pytest.mark.parametrize(
    "thing",
    [None, "", ENVELOPE.hex(), 62, 10**12, [], ENVELOPE.decode("latin-1")],
    ids=[
        "none",
        "empty",
        "hex",
        "number",
        "large",
        "list",
        "latin-1",
    ],  # the envelope differs in each process
)
def test_what_is_not_bytes_is_refused(thing):
    assert not is_envelope(thing)
    with pytest.raises(SealBroken):
        unseal(thing, key=KEY, place=PLACE)
    with pytest.raises(SealBroken):
        key_id_of(thing)


@pytest.mark.parametrize("text", ["", "Olga", "x" * 100, "\u05c1" * 40, '{"email": "olga@acme.example"}' * 5])
def test_clear_text_is_not_an_envelope(text):
    assert not is_envelope(text.encode())


@pytest.mark.parametrize("key_id", [-1, 2**32])
def test_a_key_id_has_32_bits(key_id):
    with pytest.raises(OverflowError):
        seal(CANARY, key=KEY, key_id=key_id, place=PLACE)


@pytest.mark.parametrize("key", [b"", KEY[:16], KEY + KEY, Secret("short")])
def test_a_key_has_32_bytes(key):
    with pytest.raises(ValueError, match="32 bytes"):
        seal(CANARY, key=key, key_id=1, place=PLACE)


@pytest.mark.parametrize("key", [bytes(32), Secret(bytes(32))])
def test_a_refusal_tells_and_carries_nothing(key):
    """Guards that no frame of the refusal's traceback holds a key or a text."""
    with pytest.raises(SealBroken) as refusal:
        unseal(ENVELOPE, key=key, place=PLACE)

    frames = traceback.TracebackException.from_exception(refusal.value, capture_locals=True).stack
    ours = [
        frame for frame in frames if "keychain/crypto" in frame.filename and "tests" not in frame.filename
    ]
    assert ours
    assert all("key" not in (frame.locals or {}) for frame in ours)
    assert refusal.value.__context__ is None
    assert "canary" not in repr(refusal.value)


def test_a_sealer_does_not_show_its_key_and_does_not_travel():
    sealer = Sealer(KEY, 7, PLACE.workspace, PLACE.table, PLACE.column)

    assert repr(KEY) not in repr(sealer)
    with pytest.raises(TypeError, match="serialised"):
        pickle.dumps(sealer)
