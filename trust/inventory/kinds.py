"""The words in which the inventory declares what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """How the database holds a column; the value is what the trust page says."""

    SEALED = "sealed: AES-256-GCM, a key for each value"
    MONTHLY = "sealed: AES-256-GCM, under the key of its month"
    WRAPPED = "wrapped by KMS"
    HASHED = "a hash or a keyed fingerprint"
    NAMED = "in clear: names and addresses of your own people"
    CLEAR = "in clear: ids, times, states, counts, settings"
    PUBLIC = "in clear: published, or meant to be"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: each column in exactly one of the forms, separated by spaces."""

    name: str
    holds: str
    kept: str
    sealed: str = ""
    monthly: str = ""
    wrapped: str = ""
    hashed: str = ""
    named: str = ""
    clear: str = ""
    public: str = ""
    model: bool = True

    def columns(self) -> Iterator[tuple[str, Form]]:
        for form in Form:
            for column in str(getattr(self, form.name.lower())).split():
                yield column, form

    @property
    def forms(self) -> dict[str, Form]:
        return dict(self.columns())

    @property
    def by_form(self) -> list[tuple[Form, list[str]]]:
        """For the page: the forms in use, each with its columns."""
        listed = [(form, [name for name, its in self.columns() if its is form]) for form in Form]
        return [(form, names) for form, names in listed if names]


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the trust page's table, and the tables behind it."""

    key: str
    name: str
    where: str
    sealing: str
    kept: str
    note: str = ""
    tables: tuple[Table, ...] = field(default=())

    @property
    def columns(self) -> int:
        return sum(len(table.forms) for table in self.tables)
