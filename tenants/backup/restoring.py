"""Brings one workspace back: beside the live schema first, then in its place, in one short transaction.

    structure -> a scratch database, where the schema gets its other name -> an empty schema beside the live
    data      -> streamed there from the sealed file, counted
    newer versions of the structure are applied, policies and grants are made
    swap      -> the live tables are locked, what must not be lost is carried forward, the names change

No other workspace's schema is named anywhere in this. A restore that dies leaves a schema, or a scratch
database, which the next one of the same workspace takes away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from keychain.crypto.stream import Reader, StreamBroken, chunks, read_head
from tenants import keys, schema, structure
from tenants.backup import frames, tools
from tenants.backup.copying import Begin, Done, Parser, Part, Rows, Sequence
from tenants.backup.dumping import DUMP, FORMAT, file_key
from tenants.backup.errors import BackupError, NotWhole
from tenants.backup.stores import Store
from tenants.backup.swapping import Beside, beside, swap
from tenants.models import Purpose
from tenants.workspace import WorkspaceRef

LOCK = "paitho restore "


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and how long the workspace waited while the schemas changed names."""

    backup: UUID
    made_at: str
    rows: dict[str, int]
    duration_ms: int
    swap_ms: int
    had_live: bool


def restore(workspace: WorkspaceRef, store: Store, name: str) -> Restored:
    """Put the backup in the place of the workspace's schema. Raises `BackupError`, changing nothing."""
    began = time.monotonic()
    with alone(workspace) as owner, opened(workspace, store, name) as (head, source):
        structure.make_roles(owner, workspace, keys.open_latest(workspace.id, Purpose.LOGIN))
        with _laid_beside(owner, beside(workspace), head, source) as rows:
            had_live, swap_ms = swap(owner, workspace)
    took = int((time.monotonic() - began) * 1000)
    return Restored(UUID(head["id"]), head["made_at"], rows, took, swap_ms, had_live)


def try_out(workspace: WorkspaceRef, store: Store, name: str) -> dict[str, int]:
    """Do all of a restore but the swap, and take it away again; returns the rows. Raises `BackupError`."""
    with (
        alone(workspace) as owner,
        opened(workspace, store, name) as (head, source),
        _laid_beside(owner, beside(workspace), head, source) as rows,
    ):
        return rows


@contextmanager
def _laid_beside(
    owner: psycopg.Connection[Any], target: Beside, head: dict[str, Any], source: Reader
) -> Iterator[dict[str, int]]:
    """The whole schema under its other name, for the block; what the block leaves of it goes."""
    try:
        rows = load(owner, target, head, source)
        _catch_up(owner, target, head["schema_version"])
        yield rows
    finally:
        owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(target.schema)))


@contextmanager
def alone(workspace: WorkspaceRef) -> Iterator[psycopg.Connection[Any]]:
    """A session of the owner, while nobody else restores this workspace."""
    with structure.owner_session() as owner:
        name = [LOCK + str(workspace.id)]
        if owner.execute("SELECT pg_try_advisory_lock(hashtext(%s))", name).fetchone() != (True,):
            raise BackupError("This workspace is being restored already.")
        try:
            yield owner
        finally:
            # The lock would end with the session, but the server may take a moment to notice that one.
            if not owner.closed:
                owner.execute("SELECT pg_advisory_unlock(hashtext(%s))", name)


@contextmanager
def opened(workspace: WorkspaceRef, store: Store, name: str) -> Iterator[tuple[dict[str, Any], Reader]]:
    """The head of a backup of this workspace, and what follows it. Raises `NotWhole`."""
    with store.reading(name) as file:
        try:
            head, bound = read_head(file)
            if head.get("kind") != "workspace" or head.get("format") != FORMAT:
                raise NotWhole("This is no backup of a workspace, or of a format that is not known here.")
            if head["workspace"] != str(workspace.id):
                raise NotWhole("This is a backup of another workspace.")
            yield head, Reader(chunks(file, file_key(head), bound))
        except StreamBroken as error:
            raise NotWhole(str(error)) from error


def load(
    owner: psycopg.Connection[Any], target: Beside, head: dict[str, Any], source: Reader
) -> dict[str, int]:
    """Fill the schema beside the live one from the file; returns its rows. What an earlier try left goes."""
    name = sql.Identifier(target.schema)
    owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    before, after = (_framed(source, kind) for kind in (frames.BEFORE, frames.AFTER))
    before, after = renamed(head["schema"], target, before, after)
    tools.run_script(tools.OWNER, before)
    rows = _copy(owner, head["schema"], target.schema, source)
    tools.run_script(tools.OWNER, b"SET maintenance_work_mem = '256MB';\n" + after)
    return rows


def _framed(source: Reader, wanted: bytes) -> bytes:
    kind, payload = frames.take(source)
    if kind != wanted:
        raise NotWhole("The backup is not in order.")
    return payload


def renamed(was: str, target: Beside, before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """The scripts under the other schema's name: PostgreSQL itself renames, in a scratch database."""
    with scratch(target.scratch) as database:
        tools.run_script(tools.BACKUP, before, database=database)
        tools.run_script(tools.BACKUP, after, database=database)
        with tools.session(tools.BACKUP, database) as session:
            session.execute(
                sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                    sql.Identifier(was), sql.Identifier(target.schema)
                )
            )
        dump = (*DUMP, f"--schema={target.schema}")
        return (
            tools.output(tools.BACKUP, (*dump, "--section=pre-data"), database=database),
            tools.output(tools.BACKUP, (*dump, "--section=post-data"), database=database),
        )


@contextmanager
def scratch(name: str) -> Iterator[str]:
    """A database that exists for the block; one that a killed process left is taken away first."""
    with tools.session(tools.BACKUP) as backup:
        database = sql.Identifier(name)
        # Not by force: that would end an autovacuum worker, which only the server itself may.
        drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(database)
        try:
            backup.execute(drop)
        except psycopg.errors.ObjectInUse:
            raise BackupError("An earlier restore of this workspace is at work already.") from None
        backup.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(database))
        try:
            backup.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            yield name
        finally:
            backup.execute(drop)


def _copy(owner: psycopg.Connection[Any], was: str, into: str, source: Reader) -> dict[str, int]:
    """Stream the data in; the server counts each table's rows, and the file's own end counts them again."""
    loaded, promised = dict[str, int](), dict[str, int]()
    parts = _parts(source, Parser(was), promised)
    with owner.transaction():
        for part in parts:
            if isinstance(part, Begin):
                loaded[part.table] = _table(owner, into, part, parts)
            elif isinstance(part, Sequence):
                place = sql.Literal(f"{into}.{part.name}")
                owner.execute(
                    sql.SQL("SELECT setval({}::regclass, {}, {})").format(place, part.value, part.is_called)
                )
        if loaded != promised or source.read(1):
            raise NotWhole("The rows that were loaded are not those that the backup counts.")
    return loaded


def _parts(source: Reader, parser: Parser, promised: dict[str, int]) -> Iterator[Part]:
    for piece in frames.inflated(source):
        if isinstance(piece, dict):
            promised.update(piece)
            parser.finish()
        else:
            yield from parser.feed(piece)


def _table(owner: psycopg.Connection[Any], into: str, begin: Begin, parts: Iterator[Part]) -> int:
    """Load the rows that follow; returns how many the server took."""
    columns = [sql.Identifier(column.strip(' "')) for column in begin.columns.split(",")]
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(into, begin.table), sql.SQL(", ").join(columns)
    )
    told = -1
    with owner.cursor() as cursor:
        with cursor.copy(query) as copy:
            for part in parts:
                if isinstance(part, Done):
                    told = part.rows
                    break
                if isinstance(part, Rows):
                    copy.write(part.data)
        if cursor.rowcount != told:
            raise NotWhole(f"{begin.table}: {cursor.rowcount} of {told} rows could be loaded.")
    return told


def _catch_up(owner: psycopg.Connection[Any], target: Beside, version: int) -> None:
    """Bring an older backup's structure to today's version, and make its policies and grants."""
    pending = schema.versions_after(owner, version)
    if version > target.schema_version:
        raise BackupError(f"The backup has the structure's version {version}, which is not known here.")
    if pending:
        schema.apply(owner, target, pending)
        return
    with owner.transaction():
        structure.secure(owner, target)
