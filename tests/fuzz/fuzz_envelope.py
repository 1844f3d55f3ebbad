"""Hostile envelopes: whatever the bytes, `unseal` gives back what was sealed or raises SealBroken.

    python -m tests.fuzz.fuzz_envelope [seconds]        random mutations, 10 seconds by default
    uv run --with atheris python -m tests.fuzz.fuzz_envelope -atheris_runs=1000000
                                                        with atheris installed: its arguments, by coverage

`test_fuzz_targets.py` runs the same function under hypothesis.
"""

import importlib
import random
import sys
import time
from uuid import UUID

from keychain.crypto.envelope import OVERHEAD, Place, SealBroken, Sealer, is_envelope, key_id_of, seal, unseal
from tests.keychain.crypto import reference

KEY = bytes(range(32))
PLACE = Place(UUID(int=1), "leads", "profile", UUID(int=2))
TEXTS = (b"", b"Olga", bytes(300))
KNOWN = {seal(text, key=KEY, key_id=7, place=PLACE): text for text in TEXTS}
SEEDS = sorted(KNOWN)


def check(data: bytes) -> None:
    """The first byte chooses a known envelope; the rest is put over it, or stands alone."""
    tampered = _tampered(data)
    try:
        opened = unseal(tampered, key=KEY, place=PLACE)
    except SealBroken:
        assert tampered not in KNOWN
        return
    assert opened == reference.unseal(tampered, KEY, PLACE)
    assert KNOWN.get(tampered) == opened
    assert is_envelope(tampered)
    assert key_id_of(tampered) == 7
    assert len(tampered) == len(opened) + OVERHEAD


def _tampered(data: bytes) -> bytes:
    if len(data) < 3 or data[0] % 4 == len(SEEDS):
        return data[1:]
    seed, at = SEEDS[data[0] % 4], data[1] % 90
    return seed[:at] + data[2:] + seed[at + len(data) - 2 :]


def mutate(seconds: float) -> int:
    """How many inputs were tried."""
    chance, tried = random.Random(), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        check(chance.randbytes(chance.choice((0, 1, 2, 3, 3, 4, 20, 64, 400))))
        tried += 1
    return tried


def main(arguments: list[str]) -> None:
    try:
        atheris = importlib.import_module("atheris")
    except ModuleNotFoundError:
        print(mutate(float(arguments[1]) if len(arguments) > 1 else 10.0), "inputs, none got through")
        return
    for function in (check, unseal, Sealer.opened, is_envelope):
        atheris.instrument_func(function)
    atheris.Setup(arguments, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
