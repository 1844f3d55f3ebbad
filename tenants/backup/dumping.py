"""Makes one backup: the schema at one moment, counted while it streams, sealed, and put in the store."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from os import urandom
from typing import IO, Any
from uuid import UUID

import psycopg
from psycopg import sql

from keychain.crypto.envelope import Place, key_id_of, seal, unseal
from keychain.crypto.stream import Writer
from paitho.lib.ids import uuid7
from tenants import keys
from tenants.backup import frames, tools
from tenants.backup.copying import Parser, counted
from tenants.backup.errors import NotWhole
from tenants.backup.stores import Store
from tenants.models import Purpose
from tenants.workspace import WorkspaceRef

FORMAT = 1
PIECE = 1024 * 1024
# What grants say is made anew by `tenants.structure`; whose the tables are, too.
DUMP = ("pg_dump", "--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup as it was stored; `rows` by table."""

    id: UUID
    workspace: UUID
    name: str
    place: str
    made_at: datetime
    size: int
    rows: dict[str, int]
    schema_version: int
    duration_ms: int


def back_up(workspace: WorkspaceRef, store: Store) -> Made:
    """Raises `BackupError`; then nothing is in the store under a backup's name."""
    began, made_at, uid = time.monotonic(), datetime.now(UTC), uuid7()
    name = f"{workspace.id}/{made_at:%Y%m%dT%H%M%SZ}-{uid.hex[-8:]}.backup"
    key = urandom(32)
    head = _head(workspace, uid, made_at, key)
    with tools.session(tools.BACKUP) as backup, backup.transaction():
        backup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ((snapshot,),) = backup.execute("SELECT pg_export_snapshot()").fetchall()
        expected = live_rows(backup, workspace.schema)
        with store.writing(name) as file:
            writer = Writer(file, key, head)
            rows = _write(workspace.schema, writer, str(snapshot))
            if rows != expected:
                raise NotWhole(_difference(rows, expected))
            frames.put(writer, frames.END, json.dumps({"rows": rows}).encode())
            writer.finish()
    took = int((time.monotonic() - began) * 1000)
    return Made(
        uid, workspace.id, name, store.name, made_at, writer.size, rows, workspace.schema_version, took
    )


def _head(workspace: WorkspaceRef, uid: UUID, made_at: datetime, key: bytes) -> dict[str, Any]:
    """In clear: what is needed to find the key, which the workspace's data key seals."""
    version = keys.latest_version(workspace.id, Purpose.DATA)
    data_key = keys.open_key(workspace.id, Purpose.DATA, version)
    sealed = seal(key, key=data_key, key_id=version, place=place_of(workspace.id, uid))
    return {
        "format": FORMAT,
        "kind": "workspace",
        "id": str(uid),
        "workspace": str(workspace.id),
        "slug": workspace.slug,
        "schema": workspace.schema,
        "schema_version": workspace.schema_version,
        "made_at": made_at.isoformat(),
        "key": sealed.hex(),
    }


def place_of(workspace: UUID, backup: UUID) -> Place:
    """Where the file's key is sealed to: this workspace, this backup."""
    return Place(workspace, "backups", "key", backup)


def live_rows(session: psycopg.Connection[Any], schema: str) -> dict[str, int]:
    """The rows of each table, as the session's snapshot sees them."""
    tables = session.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1",
        [schema],
    ).fetchall()
    if not tables:
        raise NotWhole(f"The schema {schema} holds no table: there is nothing to back up.")
    counts = {}
    for (table,) in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        ((counts[table],),) = session.execute(query).fetchall()
    return counts


def _write(schema: str, writer: Writer, snapshot: str) -> dict[str, int]:
    """The two scripts and the data into the stream; returns the rows that went by."""
    dump = (*DUMP, f"--schema={schema}", f"--snapshot={snapshot}")
    scripts = ((frames.BEFORE, "pre-data"), (frames.AFTER, "post-data"))
    with ThreadPoolExecutor(len(scripts)) as pool:
        told = [pool.submit(tools.output, tools.BACKUP, (*dump, f"--section={name}")) for _, name in scripts]
        for (kind, _), script in zip(scripts, told, strict=True):
            frames.put(writer, kind, script.result())
    counts: dict[str, int] = {}
    parser, deflater = Parser(schema), frames.Deflater(writer)
    with tools.running(tools.BACKUP, (*dump, "--section=data")) as child:
        for piece in pieces(child.stdout):
            counted(parser.feed(piece), counts)
            deflater.write(piece)
    parser.finish()
    deflater.finish()
    return counts


def pieces(source: IO[bytes] | None) -> Iterator[bytes]:
    """What a program says, as it comes."""
    assert isinstance(source, BufferedReader)
    while piece := source.read1(PIECE):
        yield piece


def _difference(rows: dict[str, int], expected: dict[str, int]) -> str:
    wrong = sorted(name for name in rows.keys() | expected.keys() if rows.get(name) != expected.get(name))
    told = ", ".join(f"{name}: {rows.get(name, 0)} of {expected.get(name, 0)}" for name in wrong[:5])
    return f"The dump does not hold the rows that the schema holds ({told})."


def file_key(head: dict[str, Any]) -> bytes:
    """Open the key of a backup's file. Raises `KeysUnavailable` when the workspace was shredded."""
    workspace, sealed = UUID(head["workspace"]), bytes.fromhex(head["key"])
    data_key = keys.open_key(workspace, Purpose.DATA, key_id_of(sealed))
    return unseal(sealed, key=data_key, place=place_of(workspace, UUID(head["id"])))
