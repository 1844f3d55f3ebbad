"""What is exported: every tenant table and column, but for what would only help an attacker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, models

# Left out, and why; the manifest says so too.
LEFT_OUT = {
    "django_session": "sessions let their holder sign in",
    "mfa_authenticator": "second factors let their holder sign in",
    "account_emailconfirmation": "one-time links",
    "django_content_type": "bookkeeping of the framework",
    "auth_permission": "bookkeeping of the framework",
    "auth_group": "bookkeeping of the framework",
    "auth_group_permissions": "bookkeeping of the framework",
    "import_parts": "an uploaded file that still waits",
    "import_trials": "a dry run of such a file",
    "import_trial_seen": "a dry run of such a file",
    "members.password": "a password's hash",
    "invitations.token_hash": "one-time links",
    "messages.opt_out_hash": "links that recipients hold",
    "leads.words": "a search index, made from name, company and title",
}
# Where the primary key in the database begins with a time: a page by the id alone would read the whole table.
BY_TIME = {"audit_log": "at"}
SECRETS = {"credentials.secret": "asked for with --with-secrets only"}
TYPES = {"SealedJSON": "jsonb", "SealedBytes": "bytea", "SealedText": "text", "SealedSecret": "text"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the bundle: its name, PostgreSQL type, and where its value is on the model."""

    name: str
    type: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the bundle and the model that its rows come from."""

    name: str
    model: type[models.Model]
    columns: tuple[Column, ...]
    key: str

    def rows(self, chunk: int = 1000) -> Iterator[tuple[Any, ...]]:
        """Every row, opened, in the order of the key, a short query for each piece.

        Pages by key and not by a cursor: it needs no more memory behind a pooler, where there is none.
        """
        attributes = [column.attribute for column in self.columns]
        time = BY_TIME.get(self.name)
        wanted = self.model._base_manager.order_by(*[time] if time else [], "pk").only(*attributes)
        # Sealed fields open many rows with each key looked up once.
        fields = [self.model._meta.get_field(name) for name in attributes]
        sealed = [field for field in fields if hasattr(field, "open_rows")]
        after = models.Q()
        while piece := list(wanted.filter(after)[:chunk]):
            for field in sealed:
                field.open_rows(piece)
            for row in piece:
                yield tuple(getattr(row, attribute) for attribute in attributes)
            after = _after(piece[-1], time)

    def count(self) -> int:
        return self.model._base_manager.count()


def _after(row: models.Model, time: str | None) -> models.Q:
    """What follows `row` in the order of the key; the time's bound alone is what an index serves."""
    beyond = models.Q(pk__gt=row.pk)
    if time is None:
        return beyond
    at = getattr(row, time)
    return models.Q((f"{time}__gte", at)) & (models.Q((f"{time}__gt", at)) | beyond)


def tables(*, with_secrets: bool = False) -> list[Table]:
    """The tables of the bundle, by name."""
    found = []
    for config in apps.get_app_configs():
        if config.name not in settings.TENANT_APPS:
            continue
        found += [
            _table(model, with_secrets=with_secrets)
            for model in config.get_models(include_auto_created=True)
            if model._meta.db_table not in LEFT_OUT and not model._meta.proxy
        ]
    return sorted(found, key=lambda table: table.name)


def _table(model: type[models.Model], *, with_secrets: bool) -> Table:
    name = model._meta.db_table
    out = LEFT_OUT if with_secrets else LEFT_OUT | SECRETS
    columns = tuple(
        Column(str(field.column), _type(field), field.attname)
        for field in model._meta.concrete_fields
        if f"{name}.{field.column}" not in out
    )
    assert model._meta.pk is not None
    return Table(name, model, columns, str(model._meta.pk.column))


def _type(field: models.Field[Any, Any]) -> str:
    for kind in type(field).__mro__:
        if kind.__name__ in TYPES:
            return TYPES[kind.__name__]
    return str(
        field.rel_db_type(connections["default"])
        if field.primary_key
        else field.db_type(connections["default"])
    )
