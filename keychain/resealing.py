"""Sealing the workspace's values again under the newest data key, batch by batch.

Rows are walked in the order of their ids. A value is written back only where it is still what was read, so
that a change made meanwhile is never overwritten; rows that somebody holds are left to the next pass.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.apps import apps
from django.db import connections, models

from accounts import second_factor
from keychain.crypto import envelope
from keychain.crypto.envelope import Sealer
from keychain.fields import Envelope, SealedBytes, SealedField
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose

ROWS = 500
LARGE_ROWS = 16  # where a value may be a megabyte
Table = type[models.Model]

WRITE = """
    UPDATE {table} SET {column} = new.sealed
    FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS new (id, was, sealed)
    WHERE {table}.{pk} = new.id AND {table}.{column} = new.was
"""
LEFT = "SELECT count(*) FROM {table} WHERE substring({column} FROM 3 FOR 4) <> %s"


def sealed_fields(model: Table) -> list[SealedField]:
    """The fields under the data key; monthly keys are never changed, they end with their month's logs."""
    found = [field for field in model._meta.local_concrete_fields if isinstance(field, SealedField)]
    return [field for field in found if field.purpose is Purpose.DATA]


def sealed_tables() -> list[Table]:
    """Every table with such a field, in the order of their names."""
    found = [model for model in apps.get_models() if sealed_fields(model) and not model._meta.proxy]
    return sorted(found, key=lambda model: model._meta.db_table)


def next_table(name: str) -> Table | None:
    """The table of this name, or the first one after it."""
    return next((model for model in sealed_tables() if model._meta.db_table >= name), None)


def rows_in_all() -> int:
    return sum(model._base_manager.count() for model in sealed_tables())


def reseal_batch(model: Table, after: UUID | None, version: int) -> tuple[UUID | None, int]:
    """Seal the next rows' values under `version`, in the transaction that is open.

    Returns the last row that was looked at (None at the table's end) and how many there were.
    """
    fields = sealed_fields(model)
    size = LARGE_ROWS if any(isinstance(field, SealedBytes) for field in fields) else ROWS
    rows = model._base_manager.order_by("pk").only("pk", *(field.name for field in fields))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows.select_for_update(skip_locked=True, no_key=True)[:size])
    for field in fields:
        _write(model, field, [row for row in found if _is_older(row, field, version)], version)
    return (found[-1].pk if found else None), len(found)


def _is_older(row: models.Model, field: SealedField, version: int) -> bool:
    value = row.__dict__.get(field.attname)
    return isinstance(value, Envelope) and envelope.key_id_of(value.sealed) != version


def _write(model: Table, field: SealedField, rows: list[models.Model], version: int) -> None:
    if not rows:
        return
    workspace, where = current().id, (model._meta.db_table, str(field.column))
    sealers = {version: Sealer(keys.open_key(workspace, Purpose.DATA, version), version, workspace, *where)}
    was = [cast("Envelope", row.__dict__[field.attname]).sealed for row in rows]
    sealed = []
    for row, before in zip(rows, was, strict=True):
        old = envelope.key_id_of(before)
        if old not in sealers:
            key = keys.open_key(workspace, Purpose.DATA, old)
            sealers[old] = Sealer(key, old, workspace, *where)
        sealed.append(sealers[version].seal(row.pk, sealers[old].unseal(row.pk, before)))
    _execute(WRITE, model, field, [[row.pk for row in rows], was, sealed])


def reseal_the_rest() -> None:
    """What is sealed with the data key and is no field of ours: the secrets of second factors."""
    second_factor.reseal()


def left_under_others(version: int) -> int:
    """How many values are sealed under another data key than `version`."""
    wanted = version.to_bytes(4, "big")
    left = second_factor.sealed_under_others(version)
    for model in sealed_tables():
        for field in sealed_fields(model):
            ((count,),) = _execute(LEFT, model, field, [wanted])
            left += count
    return left


def _execute(sql: str, model: Table, field: SealedField, params: list[Any]) -> list[tuple[Any, ...]]:
    quote = connections["default"].ops.quote_name
    pk = quote(str(model._meta.pk.column))
    text = sql.format(table=quote(model._meta.db_table), column=quote(str(field.column)), pk=pk)
    with connections["default"].cursor() as cursor:
        cursor.execute(text, params)
        return list(cursor.fetchall()) if cursor.description else []
