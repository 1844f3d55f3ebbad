"""Seals what a visitor leaves on the public site: one JSON, under a key of the row's own that KMS wraps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from keychain.crypto import envelope
from keychain.crypto.envelope import Place
from keychain.crypto.kms import Context
from paitho.lib.ids import uuid7
from tenants import keys


@dataclass(frozen=True, slots=True)
class Box:
    """A sealed row as the directory holds it."""

    id: UUID
    sealed: bytes
    wrapped: bytes
    kms: str


def seal(table: str, told: dict[str, Any]) -> Box:
    """Raises `KmsError` when the key service does not answer."""
    uid, kms = uuid7(), keys.cell_kms()
    key, wrapped = kms.generate(Context(workspace=uid, purpose=table, version=1))
    text = json.dumps(told, ensure_ascii=False).encode()
    place = Place(uid, table, "sealed", uid)
    sealed = envelope.seal(text, key=key.reveal_bytes(), key_id=1, place=place)
    return Box(uid, sealed, wrapped, kms.name)


def open_box(table: str, box: Box) -> dict[str, Any]:
    """What was told. Raises `KmsError`, or `SealBroken` when the row was changed."""
    key = keys.kms_called(box.kms).unwrap(box.wrapped, Context(workspace=box.id, purpose=table, version=1))
    place = Place(box.id, table, "sealed", box.id)
    opened: dict[str, Any] = json.loads(envelope.unseal(box.sealed, key=key.reveal_bytes(), place=place))
    return opened


def address_hash(address: str) -> bytes:
    """Tells one address from another without keeping it: keyed with the installation's secret."""
    return salted_hmac("trust.subscriber", address, algorithm="sha256").digest()
