"""Whole columns in PostgreSQL's binary form of an array (`array_send` in its source), for bulk loads.

psycopg writes an array element by element in Python; for the columns of an import that is a sixth of the
worker's time. Here the loop is in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from struct import Struct
from typing import Any
from uuid import UUID

from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

BYTEA, TEXT, UUIDS, INT4 = 17, 25, 2950, 23  # pg_type.dat
# dimensions 1, no nulls, type of the elements, their number, lower bound 1
_HEAD = Struct(">iiIii")
_LENGTH = Struct(">i").pack


class Packed:
    """A column, ready to be sent."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class PackedDumper(Dumper):
    """Sends it as it is; the statement's cast says what it is."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Any) -> Buffer:
        data: bytes = obj.data
        return data


def bytea_array(values: Sequence[bytes]) -> Packed:
    return _packed(BYTEA, values)


def text_array(values: Sequence[str]) -> Packed:
    return _packed(TEXT, list(map(str.encode, values)))


def uuid_array(values: Sequence[UUID]) -> Packed:
    return _packed(UUIDS, [value.bytes for value in values])


def int_array(values: Sequence[int]) -> Packed:
    return _packed(INT4, list(map(_LENGTH, values)))


def _packed(oid: int, values: Sequence[bytes]) -> Packed:
    lengths = map(_LENGTH, map(len, values))
    head = _HEAD.pack(1, 0, oid, len(values), 1) if values else _HEAD.pack(0, 0, oid, 0, 0)[:12]
    return Packed(head + b"".join(chain.from_iterable(zip(lengths, values, strict=True))))
