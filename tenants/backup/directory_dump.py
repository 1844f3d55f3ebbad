"""The directory's own backup: what a new database needs to know of workspaces before they come back.

Sealed by a key that the cell's KMS wraps: the workspaces' wrapped keys are in it, so it can depend on none
of them. It is kept for fewer days than the workspaces' backups.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from uuid import UUID

from keychain.crypto.kms import Context, KmsError
from keychain.crypto.stream import Reader, StreamBroken, Writer, chunks, read_head
from paitho.lib.ids import uuid7
from tenants import keys
from tenants.backup import frames, tools
from tenants.backup.copying import Parser, counted
from tenants.backup.dumping import DUMP, FORMAT, Made, live_rows
from tenants.backup.errors import BackupError, NotWhole
from tenants.backup.stores import Store

SCHEMA, PURPOSE = "public", "directory-backup"
NOBODY = UUID(int=0)
# What is due is found anew; a sign-up that waits is asked for again.
LEFT_OUT = ("bells", "sign_ups")


def back_up(store: Store) -> Made:
    """Raises `BackupError`."""
    began, made_at, uid = time.monotonic(), datetime.now(UTC), uuid7()
    name = f"directory/{made_at:%Y%m%dT%H%M%SZ}-{uid.hex[-8:]}.backup"
    try:
        kms = keys.cell_kms()
        key, wrapped = kms.generate(Context(uid, PURPOSE, FORMAT))
    except KmsError as error:
        raise BackupError(str(error)) from error
    head = {"format": FORMAT, "kind": "directory", "id": str(uid), "made_at": made_at.isoformat()}
    with tools.session(tools.BACKUP) as session, session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ((snapshot,),) = session.execute("SELECT pg_export_snapshot()").fetchall()
        expected = {t: rows for t, rows in live_rows(session, SCHEMA).items() if t not in LEFT_OUT}
        with store.writing(name) as file:
            writer = Writer(file, key, {**head, "kms": kms.name, "key": wrapped.hex()})
            script, rows = _dump(str(snapshot))
            if rows != expected:
                raise NotWhole("The dump does not hold the rows that the directory holds.")
            frames.put(writer, frames.BEFORE, script)
            frames.put(writer, frames.END, json.dumps({"rows": rows}).encode())
            writer.finish()
    took = int((time.monotonic() - began) * 1000)
    return Made(uid, NOBODY, name, store.name, made_at, writer.size, rows, 0, took)


def _dump(snapshot: str) -> tuple[bytes, dict[str, int]]:
    dump = [*DUMP, f"--schema={SCHEMA}", f"--snapshot={snapshot}"]
    dump += [f"--exclude-table-data={SCHEMA}.{table}" for table in LEFT_OUT]
    dump.remove("--no-privileges")  # the directory's grants are its boundary, and nothing makes them anew
    counts: dict[str, int] = {}
    parser = Parser(SCHEMA)
    counted(parser.feed(tools.output(tools.BACKUP, [*dump, "--section=data"])), counts)
    parser.finish()
    return tools.output(tools.BACKUP, [*dump, "--clean", "--if-exists"]), counts


def open_script(store: Store, name: str) -> bytes:
    """The script of a directory's backup. Raises `BackupError`."""
    with store.reading(name) as file:
        try:
            head, bound = read_head(file)
            if head.get("kind") != "directory" or head.get("format") != FORMAT:
                raise NotWhole("This is no backup of a directory, or of a format that is not known here.")
            kms = keys.kms_called(head["kms"])
            context = Context(UUID(head["id"]), PURPOSE, FORMAT)
            key = kms.unwrap(bytes.fromhex(head["key"]), context)
            source = Reader(chunks(file, key, bound))
            kind, script = frames.take(source)
            end, _ = frames.take(source)
            if (kind, end) != (frames.BEFORE, frames.END) or source.read(1):
                raise NotWhole("The backup is not in order.")
        except StreamBroken as error:
            raise NotWhole(str(error)) from error
        except KmsError as error:
            raise BackupError(str(error)) from error
    return script
