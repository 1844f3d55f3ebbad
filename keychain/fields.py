"""Model fields whose column holds an envelope: sealed on save, opened on access, once.

A sealed value is bound to its workspace, table, column and row (`keychain.crypto.envelope`), so a
sealed field needs the row's id before it is saved (`default=uuid7`) and cannot be the target of
`QuerySet.update()` or of a filter: those raise `TypeError` instead of writing or comparing clear text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from keychain.crypto import envelope
from keychain.crypto.envelope import Place
from keychain.crypto.secret import Secret
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose

_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: rows are many


class Envelope:
    """A sealed value as the database holds it, not opened."""

    __slots__ = ("sealed",)

    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed

    def __repr__(self) -> str:
        return "Envelope(…)"


class SealedAttribute(DeferredAttribute):
    """Opens the envelope at the first access and keeps what it found on the instance."""

    field: SealedField

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Envelope):
            return value
        opened = self.field.open(value.sealed, instance.pk)
        instance.__dict__[self.field.attname] = opened
        return opened

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """Base: `encode` and `decode` say how a Python value becomes bytes."""

    descriptor_class = SealedAttribute
    empty_strings_allowed = False

    def __init__(self, *args: Any, purpose: Purpose = Purpose.DATA, **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.purpose is not Purpose.DATA:
            kwargs["purpose"] = self.purpose
        return name, path, args, kwargs

    def _where(self) -> tuple[str, str]:
        """Table and column, which the envelope is bound to."""
        return self.model._meta.db_table, str(self.column)

    def encode(self, value: Any) -> bytes:
        return str(value).encode()

    def decode(self, opened: bytes) -> Any:
        return opened.decode()

    def seal(self, value: Any, row: UUID) -> bytes:
        """The envelope of `value` for the row `row` of this field's table, in the bound workspace."""
        return self.sealer()(value, row)

    def sealer(self) -> Callable[[Any, UUID], bytes]:
        """`seal` with the key looked up once: for bulk loads."""
        make = self._maker()
        return lambda value, row: make.seal(row, self.encode(value))

    def sealer_of_many(self) -> Callable[[Iterable[tuple[UUID, bytes]]], list[bytes]]:
        """Envelopes of (row, value) pairs, in their order; each value is what `encode` makes of it."""
        return self._maker().seal_many

    def _maker(self) -> envelope.Sealer:
        workspace = current().id
        if self.purpose in keys.MONTHLY:
            version = int(datetime.now(UTC).strftime("%Y%m"))
            key = keys.month_key(workspace, self.purpose, version)
        else:
            version = keys.latest_version(workspace, self.purpose)
            key = keys.open_key(workspace, self.purpose, version)
        return envelope.Sealer(key, version, workspace, *self._where())

    def open(self, sealed: bytes, row: UUID) -> Any:
        """The value in `sealed`. Raises `SealBroken` or `KeysUnavailable`, never returns a guess."""
        workspace = current().id
        key = keys.open_key(workspace, self.purpose, envelope.key_id_of(sealed))
        place = Place(workspace, *self._where(), row)
        return self.decode(envelope.unseal(sealed, key=key, place=place))

    def opener(self) -> Callable[[Envelope | bytes, UUID], Any]:
        """`open` with each key looked up once: for rows that are read as values and not as models."""
        workspace, makers = current().id, dict[int, envelope.Sealer]()

        def opened(value: Envelope | bytes, row: UUID) -> Any:
            sealed = value.sealed if isinstance(value, Envelope) else value
            version = envelope.key_id_of(sealed)
            if version not in makers:
                key = keys.open_key(workspace, self.purpose, version)
                makers[version] = envelope.Sealer(key, version, workspace, *self._where())
            return self.decode(makers[version].unseal(row, sealed))

        return opened

    def open_rows(self, rows: Iterable[models.Model]) -> None:
        """Open this field of many rows of the model with each key looked up once: for lists."""
        opened = self.opener()
        for row in rows:
            value = row.__dict__.get(self.attname)
            if isinstance(value, Envelope):
                row.__dict__[self.attname] = opened(value, row.pk)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Envelope):
            return value
        return Envelope(self.seal(value, model_instance.pk))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Envelope | None:
        return None if value is None else Envelope(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if not isinstance(value, Envelope):
            raise TypeError(
                f"{self.name} is sealed: save the row itself; it cannot be updated or compared in SQL."
            )
        return super().get_db_prep_value(value.sealed, connection, prepared)

    def get_default(self) -> Any:
        if not self.has_default():
            return None
        return self.default() if callable(self.default) else self.default

    def _check_str_default_value(self) -> list[Any]:
        """A binary field refuses a text default; here the default is the opened value."""
        return []

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is sealed and is not serialised.")


class SealedText(SealedField):
    """Text, sealed."""


class SealedJSON(SealedField):
    """A JSON value (objects keep their order), sealed."""

    def encode(self, value: Any) -> bytes:
        return _AS_JSON(value).encode()

    def decode(self, opened: bytes) -> Any:
        return json.loads(opened)


class SealedBytes(SealedField):
    """Bytes as they are, sealed."""

    def encode(self, value: Any) -> bytes:
        return bytes(value)

    def decode(self, opened: bytes) -> Any:
        return opened


class SealedSecret(SealedField):
    """A credential: assigned and read as a `Secret`, so that it does not print on its way."""

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, Secret):
            raise TypeError(f"{self.name} takes a Secret.")
        return value.reveal().encode()

    def decode(self, opened: bytes) -> Secret:
        return Secret(opened.decode())
