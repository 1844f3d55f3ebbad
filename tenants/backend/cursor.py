"""A cursor that cannot carry a stacked statement."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.base import Cursor


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
