"""PostgreSQL's own programs, run as one login; the password is in a file that only we can read."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenants.backup.errors import BackupError

OWNER, BACKUP = "paitho_owner", "paitho_backup"
# Stopping a restore half-way needs answers, so the keyword arguments of a connection are one place.
CONNECT_SECONDS = 10


def password_of(login: str) -> str:
    held = {OWNER: settings.OWNER_PASSWORD, BACKUP: settings.BACKUP_PASSWORD}[login]
    if not held:
        name = login.removeprefix("paitho_").upper()
        raise ImproperlyConfigured(f"This process does not hold PAITHO_{name}_PASSWORD.")
    return str(held)


def program(name: str) -> str:
    """The path of pg_dump or psql: in PAITHO_POSTGRES_BIN, or else on the path."""
    folder = settings.POSTGRES_BIN
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed here (PAITHO_POSTGRES_BIN).")
    return found


def session(login: str, database: str | None = None, **options: Any) -> psycopg.Connection[Any]:
    """A session of the owner or the backup login, committing each statement."""
    server = settings.DATABASE_SERVER
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        dbname=database or server["NAME"],
        user=login,
        password=password_of(login),
        sslmode=server["OPTIONS"]["sslmode"],
        connect_timeout=CONNECT_SECONDS,
        autocommit=True,
        **options,
    )


@contextlib.contextmanager
def environment(login: str, database: str | None = None) -> Iterator[dict[str, str]]:
    """What a program is told of the server and the login; the password is in a file, not in it."""
    server = settings.DATABASE_SERVER
    with tempfile.TemporaryDirectory(prefix="paitho-") as folder:
        passfile = Path(folder, "pgpass")
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:{login}:{password_of(login)}\n")
        yield {
            "PATH": "/usr/bin:/bin",
            "PGHOST": str(server["HOST"]),
            "PGPORT": str(server["PORT"]),
            "PGDATABASE": database or str(server["NAME"]),
            "PGUSER": login,
            "PGPASSFILE": str(passfile),
            "PGSSLMODE": str(server["OPTIONS"]["sslmode"]),
            "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
            "PGAPPNAME": "paitho backup",
        }


@contextlib.contextmanager
def running(
    login: str, command: Sequence[str], *, database: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose output is read; raises `BackupError` with its last words when it fails."""
    with environment(login, database) as env, tempfile.TemporaryFile() as words:
        with (
            subprocess.Popen(  # noqa: S603 - the program is found by us, its arguments are ours
                [program(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=words,
                env=env,
                pipesize=1024 * 1024,
            ) as child
        ):
            try:
                yield child
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            words.seek(0)
            raise BackupError(_said(command[0], words.read()))


def output(login: str, command: Sequence[str], *, database: str | None = None) -> bytes:
    """All that a program says: for what is small."""
    with running(login, command, database=database) as child:
        assert child.stdout is not None
        return child.stdout.read()


def run_script(login: str, script: bytes, *, database: str | None = None) -> None:
    """Run SQL by psql, in one transaction; raises `BackupError` at its first error."""
    command = [program("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    with environment(login, database) as env:
        done = subprocess.run(  # noqa: S603 - as above
            command, input=script, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        raise BackupError(_said("psql", done.stderr))


def _said(name: str, words: bytes) -> str:
    last = words.decode(errors="replace").strip().splitlines()[-3:]
    return f"{name} failed: {' '.join(last)[:500] or 'it was ended'}"
