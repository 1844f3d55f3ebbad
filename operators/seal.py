"""What the console keeps secret is sealed under its own secret key: it calls no KMS, opens no workspace."""

from __future__ import annotations

import hashlib
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from keychain.crypto import envelope
from keychain.crypto.envelope import Place, SealBroken

NO_WORKSPACE = UUID(int=0)


def seal(text: bytes, table: str, column: str, row: UUID) -> bytes:
    key, number = _key(settings.SECRET_KEY)
    return envelope.seal(text, key=key, key_id=number, place=Place(NO_WORKSPACE, table, column, row))


def unseal(sealed: bytes, table: str, column: str, row: UUID) -> bytes:
    """Raises `SealBroken`, also when the secret key was replaced and is no fallback any more."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = {number: key for key, number in map(_key, secrets)}
    key = keys.get(envelope.key_id_of(sealed))
    if key is None:
        raise SealBroken
    return envelope.unseal(sealed, key=key, place=Place(NO_WORKSPACE, table, column, row))


def _key(secret: str) -> tuple[bytes, int]:
    """The sealing key of a secret key, and its number: 31 bits of a hash that tells nothing of either."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"paitho console seal 1").derive(secret.encode())
    return derived, int.from_bytes(hashlib.sha256(derived).digest()[:4], "big") >> 1
