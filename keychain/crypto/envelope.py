"""The envelope: one stored value, sealed under a key of its own and bound to the place it is stored.

    offset  bytes
         0      1   magic 0xD7
         1      1   version 1
         2      4   key id, big-endian: which of the workspace's data keys
         6     24   salt, random
        30     16   commitment
        46      n   ciphertext, as long as the value
      46+n     16   GCM tag

HKDF-Expand-SHA256 (RFC 5869, section 2.3) of the data key with the info `label || salt` gives 60
bytes: the value's AES-256-GCM key (32), its nonce (12) and the commitment (16). There is no Extract
step because a data key is 32 uniformly random bytes already. A value key serves one message, so a
fixed nonce would do; the derived one comes free with the second block that the commitment needs.
Random salts of 192 bits do not meet: after 2^48 values the odds are 2^-97.

The commitment makes the envelope open under one data key only. Plain GCM does not promise that: one
ciphertext can be built that opens to two texts under two keys.

The additional data binds the version, key id, workspace, table, column and row, each after its length
in two bytes. A value that is moved to another place does not open there.

Nothing that fails here says what it read, and no frame of its traceback holds a key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from os import urandom
from typing import Final, NoReturn, Self, final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keychain.crypto.mac import Key, Mac

OVERHEAD: Final = 62
SALT_BYTES: Final = 24
HEAD: Final = b"\xd7\x01"  # no UTF-8 text starts like this
LABEL: Final = b"paitho envelope 1"
BYTES_LIKE: Final = (bytes, bytearray, memoryview)  # what database drivers give for bytea


class SealBroken(Exception):
    """The value is not ours, was changed or moved, or was sealed under another key."""

    def __init__(self) -> None:
        super().__init__("A sealed value does not open: it was changed, moved or sealed under another key.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stored."""

    workspace: UUID
    table: str
    column: str
    row: UUID


def seal(plaintext: bytes, *, key: Key, key_id: int, place: Place) -> bytes:
    """The envelope of a value. For many values of one column make a Sealer: it is twice as fast."""
    return Sealer(key, key_id, place.workspace, place.table, place.column).seal(place.row, plaintext)


def unseal(envelope: bytes, *, key: Key, place: Place) -> bytes:
    """The value in an envelope that was sealed under this key for this place, or SealBroken."""
    plaintext = _opened(envelope, key, place)
    del key
    if plaintext is None:
        raise SealBroken
    return plaintext


def _opened(envelope: bytes, key: Key, place: Place) -> bytes | None:
    if not is_envelope(envelope):
        return None
    sealer = Sealer(key, key_id_of(envelope), place.workspace, place.table, place.column)
    return sealer.opened(place.row, envelope)


def key_id_of(envelope: bytes) -> int:
    """Which data key the envelope says it was sealed under. SealBroken if it is no envelope."""
    if not is_envelope(envelope):
        raise SealBroken
    return int.from_bytes(envelope[2:6], "big")


def is_envelope(data: object) -> bool:
    """Whether this looks like an envelope. Only opening it proves that it is one."""
    return isinstance(data, BYTES_LIKE) and len(data) >= OVERHEAD and data[:2] == HEAD


@final
class Sealer:
    """Seals and opens the values of one column under one data key.

    It holds the key: let it live as long as the request or the batch, not longer.
    """

    __slots__ = ("_bound", "_head", "_mac")

    def __init__(self, key: Key, key_id: int, workspace: UUID, table: str, column: str) -> None:
        self._mac = Mac(key)
        self._head = HEAD + key_id.to_bytes(4, "big")
        self._bound = _bound_to(key_id, workspace, table, column)

    def seal(self, row: UUID, plaintext: bytes) -> bytes:
        return self._sealed(row, plaintext, urandom(SALT_BYTES))

    def _sealed(self, row: UUID, plaintext: bytes, salt: bytes) -> bytes:
        bound = self._bound + row.int.to_bytes(16, "big")
        mac, info = self._mac, LABEL + salt
        value_key = mac(info + b"\x01")
        rest = mac(value_key + info + b"\x02")
        return self._head + salt + rest[12:28] + AESGCM(value_key).encrypt(rest[:12], plaintext, bound)

    def seal_many(self, values: Iterable[tuple[UUID, bytes]]) -> list[bytes]:
        """The envelopes of many rows, in their order; their salts are one draw of random bytes."""
        pairs, sealed = list(values), self._sealed
        noise = urandom(SALT_BYTES * len(pairs))
        return [
            sealed(row, plaintext, noise[at : at + SALT_BYTES])
            for at, (row, plaintext) in zip(range(0, len(noise), SALT_BYTES), pairs, strict=True)
        ]

    def unseal(self, row: UUID, envelope: bytes) -> bytes:
        """The value, or SealBroken."""
        plaintext = self.opened(row, envelope)
        if plaintext is None:
            raise SealBroken
        return plaintext

    def unseal_many(self, values: Iterable[tuple[UUID, bytes]]) -> list[bytes]:
        """The values of many rows, in their order, or SealBroken if any one of them is broken."""
        return [self.unseal(row, envelope) for row, envelope in values]

    def opened(self, row: UUID, envelope: bytes) -> bytes | None:
        """The value, or None: an exception raised here would take this frame, and the value's key, along."""
        if not is_envelope(envelope) or envelope[:6] != self._head:
            return None
        envelope, bound = bytes(envelope), self._bound + row.int.to_bytes(16, "big")
        mac, info = self._mac, LABEL + envelope[6:30]
        value_key = mac(info + b"\x01")
        rest = mac(value_key + info + b"\x02")
        if not compare_digest(rest[12:28], envelope[30:46]):
            return None
        try:
            return AESGCM(value_key).decrypt(rest[:12], envelope[46:], bound)
        except InvalidTag:
            return None

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Sealer holds a key; it is not serialised.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


@lru_cache(maxsize=4096)
def _bound_to(key_id: int, workspace: UUID, table: str, column: str) -> bytes:
    """The additional data, but for the row: fields in order, each after its length in two bytes."""
    fields = (HEAD, key_id.to_bytes(4, "big"), workspace.bytes, table.encode(), column.encode())
    before = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    return before + (16).to_bytes(2, "big")
