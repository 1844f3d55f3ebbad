"""Cursors that cannot carry a stacked statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.postgresql.base import Cursor

from tenants.backend.arrays import Packed, PackedDumper


class ExtendedCursor(Cursor):
    """Sends every statement by the extended protocol, which takes exactly one.

    PostgreSQL: "Extended Query", message Parse: a query string holding more than one statement is
    refused (https://www.postgresql.org/docs/current/protocol-flow.html).
    """

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        del force_extended
        super()._execute_send(  # type: ignore[misc]  # private in psycopg
            query, force_extended=True, binary=binary
        )


class BinaryCursor(psycopg.Cursor[tuple[Any, ...]]):
    """For bulk loads: values go to the server beside the statement; columns are `tenants.backend.arrays`.

    The cursor above writes values into the statement as text, which for long arrays of bytes takes the
    client and the server more time than the rows themselves.
    """

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        del force_extended
        super()._execute_send(query, force_extended=True, binary=binary)


@contextmanager
def binary_cursor() -> Iterator[BinaryCursor]:
    """A cursor for bulk loads in the bound workspace, in the transaction that is open there."""
    wrapper = connections["default"]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors, BinaryCursor(wrapper.connection) as cursor:
        cursor.adapters.register_dumper(Packed, PackedDumper)
        yield cursor
