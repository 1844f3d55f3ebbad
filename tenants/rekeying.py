"""A workspace's wrapped keys, changed by the owner's login: new versions, new wraps, and none any more.

Web and workers can add a month's key and nothing else: who breaks into one of them can neither take a
workspace's keys away nor put others in their place.
"""

from __future__ import annotations

from datetime import datetime
from os import urandom
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from keychain.crypto.kms import Context, Kms, KmsRefused
from keychain.crypto.secret import Secret
from tenants import keys
from tenants.directory import Wrapped
from tenants.models import Purpose

Owner = psycopg.Connection[Any]


def add_version(owner: Owner, workspace: UUID, purpose: Purpose, version: int) -> None:
    """A new key, which seals from now on; may be repeated. Raises `KmsError`."""
    kms = keys.kms_of(workspace)
    _, wrapped = kms.generate(Context(workspace=workspace, purpose=purpose, version=version))
    owner.execute(
        "INSERT INTO public.wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)"
        " VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (workspace_id, purpose, version) DO NOTHING",
        [workspace, purpose.value, version, kms.name, wrapped],
    )
    keys.forget(workspace)


def extend_index_key(owner: Owner, workspace: UUID, version: int) -> None:
    """The index key with one part more; may be repeated. Raises `KmsError` or `KeysUnavailable`."""
    kms, context = (
        keys.kms_of(workspace),
        Context(workspace=workspace, purpose=Purpose.INDEX, version=version),
    )
    before = keys.open_key(workspace, Purpose.INDEX, version - 1)
    wrapped = kms.wrap(Secret(before.reveal_bytes() + urandom(32)), context)
    owner.execute(
        "INSERT INTO public.wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)"
        " VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (workspace_id, purpose, version) DO NOTHING",
        [workspace, Purpose.INDEX.value, version, kms.name, wrapped],
    )
    keys.forget(workspace)


def drop_versions_before(owner: Owner, workspace: UUID, purpose: Purpose, version: int) -> list[int]:
    """Delete the wraps of older versions, for good; the newest is never deleted here."""
    gone = owner.execute(
        "DELETE FROM public.wrapped_keys w WHERE workspace_id = %(of)s AND purpose = %(what)s"
        " AND version < %(before)s AND EXISTS (SELECT 1 FROM public.wrapped_keys n"
        " WHERE n.workspace_id = w.workspace_id AND n.purpose = w.purpose AND n.version >= %(before)s)"
        " RETURNING version",
        {"of": workspace, "what": purpose.value, "before": version},
    ).fetchall()
    keys.forget(workspace)
    return sorted(found for (found,) in gone)


def wraps_of(owner: Owner, workspace: UUID) -> list[Wrapped]:
    with owner.cursor(row_factory=class_row(Wrapped)) as cursor:
        return cursor.execute(
            "SELECT purpose, version, kms, wrapped FROM public.wrapped_keys WHERE workspace_id = %s"
            " ORDER BY purpose, version",
            [workspace],
        ).fetchall()


def rewrap(owner: Owner, workspace: UUID, key: Wrapped, kms: Kms) -> bool:
    """Put one key under another KMS key; the new wrap is opened and compared before the old one goes.

    False when it was changed meanwhile. Raises `KmsError` and leaves the old wrap.
    """
    context = Context(workspace=workspace, purpose=key.purpose, version=key.version)
    opened = keys.kms_called(key.kms).unwrap(key.wrapped, context)
    wrapped = kms.wrap(opened, context)
    if kms.unwrap(wrapped, context) != opened:
        raise KmsRefused("The key service did not give back what it was given.")
    done = owner.execute(
        "UPDATE public.wrapped_keys SET kms = %s, wrapped = %s"
        " WHERE workspace_id = %s AND purpose = %s AND version = %s AND wrapped = %s",
        [kms.name, wrapped, workspace, key.purpose, key.version, key.wrapped],
    )
    keys.forget(workspace)
    return done.rowcount == 1


def shred(owner: Owner, workspace: UUID) -> int:
    """Delete every wrapped key: the schema, its dumps and its backups can no longer be opened by anybody."""
    gone = owner.execute("DELETE FROM public.wrapped_keys WHERE workspace_id = %s", [workspace])
    keys.forget(workspace)
    return gone.rowcount


def needed_by_backups_until(owner: Owner, workspace: UUID) -> datetime | None:
    """When the last backup ends that was sealed with the keys of before; None when there is none."""
    known = owner.execute("SELECT to_regclass('public.backups')").fetchone()
    if known is None or known[0] is None:
        return None
    found = owner.execute(
        "SELECT max(expires_at) FROM public.backups WHERE workspace_id = %s AND deleted_at IS NULL"
        " AND expires_at > now()",
        [workspace],
    ).fetchone()
    return found[0] if found else None
