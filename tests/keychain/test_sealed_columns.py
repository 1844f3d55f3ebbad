"""No column of a sealed category holds a text in clear: each that could is listed here with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from keychain.crypto.envelope import is_envelope
from keychain.fields import SealedField
from trust import inventory

# Kinds of columns that cannot hold what a person wrote.
DUMB: tuple[type[Any], ...] = (
    models.UUIDField,
    models.DateTimeField,
    models.DateField,
    models.BooleanField,
    models.IntegerField,
    models.AutoField,
    models.ForeignKey,
)
WORDS = "one of a fixed list of words"
OWN = "a sentence of ours, without what it is about"
IN_CLEAR = {
    "leads.standing": WORDS,
    "enrichments.provider": WORDS,
    "enrichments.outcome": WORDS,
    "import_rejects.reason": OWN,
    "import_trials.place": "two numbers: where the next batch begins",
    "import_trials.problem": OWN,
    "credentials.kind": WORDS,
    "credentials.label": "the name that the team gave the key, never the key",
    "credentials.last_four": "shown so that a key is recognised",
    "credentials.fingerprint": "a keyed fingerprint",
    "credentials.problem": OWN,
    "mailboxes.smtp_host": "public names of servers",
    "mailboxes.smtp_security": WORDS,
    "mailboxes.imap_host": "public names of servers",
    "mailboxes.imap_security": WORDS,
    "mailboxes.health": WORDS,
    "mailboxes.paused_because": OWN,
    "mailboxes.vendor": WORDS,
    "messages.direction": WORDS,
    "messages.delivery": WORDS,
    "messages.intent": WORDS,
    "messages.intent_by": WORDS,
    "messages.message_id": "the id by which servers name a mail; ours is random",
    "messages.kind": WORDS,
    "messages.severity": WORDS,
    "message_aliases.message_id": "the id by which servers name a mail",
    "threads.outcome": WORDS,
    "drafts.verdict": WORDS,
    "stage_runs.stage": WORDS,
    "stage_runs.provider": WORDS,
    "stage_runs.model": "the public name of a model",
    "stage_runs.prompt_name": "the name of a template of ours",
    "stage_runs.outcome": WORDS,
    "audit_log.event": WORDS,
    "audit_log.xid": "a transaction's number",
}


def speaking_columns() -> set[str]:
    """Columns of the six categories that are not sealed and could hold a text."""
    tables = {table.name for category in inventory.SIX for table in category.tables}
    found = set()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table not in tables:
            continue
        for field in model._meta.local_concrete_fields:
            is_number = isinstance(field, ArrayField) and isinstance(field.base_field, models.BigIntegerField)
            is_hash = isinstance(field, models.BinaryField) and field.max_length == 32
            if not (isinstance(field, (SealedField, *DUMB)) or is_number or is_hash):
                found.add(f"{model._meta.db_table}.{field.column}")
    return found


def test_every_column_that_could_hold_a_text_is_sealed_or_says_why_not() -> None:
    unexplained = speaking_columns() - IN_CLEAR.keys()

    assert unexplained == set(), "Seal it, or say in IN_CLEAR why nothing that somebody wrote can be in it."


def test_nothing_is_explained_that_is_not_there() -> None:
    assert IN_CLEAR.keys() - speaking_columns() == set()


@pytest.mark.parametrize("category", inventory.SIX, ids=lambda category: category.key)
def test_the_database_holds_an_envelope_in_every_sealed_column(world, superuser, category) -> None:
    from audit.actors import Actor
    from tenants.binding import bound
    from tests.campaigns.world import a_call, a_sent_mail
    from tests.leads.made import an_answer_pk, an_import
    from tests.world import olga

    person = olga(world)
    with bound(world.acme):
        by = Actor(person.pk, "Olga")
        a_call(by)
        a_sent_mail(by)
        an_import(person, b"email,note\nada@engines.test,Hello\nnobody,There\n")
        an_answer_pk(person)

    checked = 0
    for table in category.tables:
        for column in [*table.sealed.split(), *table.monthly.split()]:
            rows = superuser.execute(f"SELECT {column} FROM tenant_acme.{table.name}").fetchall()
            values = [bytes(value) for (value,) in rows if value is not None]
            assert all(is_envelope(value) for value in values), f"{table.name}.{column}"
            checked += len(values)
    assert checked
