"""Deleting a workspace's wrapped keys makes its schema, a dump of it and a backup of it unreadable."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from accounts.models import Role
from audit.actors import Actor
from keychain.crypto import envelope
from keychain.crypto.envelope import Place, SealBroken
from keychain.crypto.secret import Secret
from keychain.fields import SealedField
from keychain.models import Credential, Kind
from leads.models import Lead
from paitho.embedded.postgres import binary
from tenants import directory, keys, rekeying, structure
from tenants.binding import bound
from tenants.errors import KeysUnavailable
from tenants.removal import remove
from tenants.workspace import WorkspaceRef
from tests.campaigns.world import a_call
from tests.mail_world import a_lead
from tests.world import make_workspace, member

CANARY = "kanarie-of-a-shredded-workspace"


@pytest.fixture
def doomed(world):
    workspace = make_workspace("doomed")
    person = member(workspace, "Olga", Role.OWNER)
    with bound(workspace):
        a_lead(f"{CANARY}@engines.test", first_name=CANARY)
        Credential(kind=Kind.OPENAI, label="Ours", secret=Secret(CANARY)).save()
        a_call(Actor(person.pk, "Olga"))
    yield workspace
    remove(workspace)


def dump(workspace: WorkspaceRef, path: Path) -> bytes:
    dsn = psycopg.conninfo.make_conninfo(os.environ["PAITHO_SUPERUSER_DSN"], dbname="paitho_main")
    with path.open("wb") as file:
        subprocess.run([binary("pg_dump"), "-n", workspace.schema, "--inserts", dsn], stdout=file, check=True)
    return path.read_bytes()


def envelopes(superuser, workspace: WorkspaceRef) -> list[tuple[SealedField, bytes, object]]:
    found = []
    for model in (Lead, Credential):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedField):
                rows = superuser.execute(
                    f"SELECT id, {field.column} FROM {workspace.schema}.{model._meta.db_table}"
                ).fetchall()
                found += [(field, bytes(value), row) for row, value in rows if value is not None]
    return found


def test_a_dump_and_the_schema_are_dark_once_the_keys_are_shredded(doomed, superuser, tmp_path):
    stolen = dump(doomed, tmp_path / "before.sql")
    wraps = directory.wrapped_keys(doomed.id)
    held = envelopes(superuser, doomed)
    assert held
    with bound(doomed):
        assert all(field.open(value, row) is not None for field, value, row in held)

    with structure.owner_session() as owner:
        assert rekeying.shred(owner, doomed.id) == len(wraps) >= 5

    keys.forget_everything()
    assert CANARY.encode() not in stolen
    assert CANARY.encode().hex().encode() not in stolen
    for wrap in wraps:
        assert wrap.wrapped not in stolen
        assert wrap.wrapped.hex().encode() not in stolen
    with bound(doomed):
        for field, value, row in held:
            assert value.hex().encode() in stolen  # the dump has it, and nobody can open it
            with pytest.raises(KeysUnavailable):
                field.open(value, row)


def test_another_workspaces_keys_do_not_open_what_was_shredded(doomed, world, superuser):
    held = envelopes(superuser, doomed)
    with structure.owner_session() as owner:
        rekeying.shred(owner, doomed.id)
    keys.forget_everything()

    rivals = keys.open_latest(world.rival.id, keys.Purpose.DATA)
    for field, value, row in held:
        place = Place(doomed.id, field.model._meta.db_table, str(field.column), row)
        with pytest.raises(SealBroken):
            envelope.unseal(value, key=rivals, place=place)


def test_a_backup_is_dark_too(doomed, tmp_path):
    from audit.custody import back_up
    from tenants.backup.restoring import try_out
    from tenants.backup.stores import store_at

    store = store_at(str(tmp_path / "backups"))
    made = back_up(doomed, store)
    assert sum(try_out(doomed, store, made.name).values()) == sum(made.rows.values())

    with structure.owner_session() as owner:
        rekeying.shred(owner, doomed.id)
    keys.forget_everything()

    with pytest.raises(KeysUnavailable):
        try_out(doomed, store, made.name)
    for path in (tmp_path / "backups").rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()
