"""`make test-canary`: words written through the browser into every category are nowhere to be found in clear.

Looked through: the whole data directory of PostgreSQL with its WAL (after a CHECKPOINT), everything else
below the installation's directory (logs, Redis's files, temporary files), the memory of Redis and all that
went through it meanwhile, dumps of the database, and the workspace's backup. The workspace's own export
holds every word. A word that is stored in clear on purpose proves that the search sees.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import Page

from paitho.embedded.postgres import Cluster, binary
from paitho.embedded.state import DATABASE, ROOT, State
from tests.browser import picture
from tests.canary.outside import Outside, outside
from tests.canary.search import Word, files_with, memory_of
from tests.canary.session import CATEGORIES, Session, Words
from tests.embedded.test_up import Installation

pytestmark = [pytest.mark.browser, pytest.mark.dovecot, pytest.mark.apart]


class Watched(Installation):
    """An installation that trusts the mail provider's certificate, and keeps temporary files to itself."""

    authority: Path

    def start(self) -> subprocess.Popen[str]:
        scratch = self.state.parent / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        self.environment |= {"SSL_CERT_FILE": str(self.authority), "TMPDIR": str(scratch)}
        return super().start()

    def manage(self, role: str, *arguments: str) -> str:
        command = [sys.executable, "-m", "paitho.embedded", "run", role]
        done = subprocess.run(
            [*command, sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def superuser(self) -> str:
        return Cluster(self.state / "postgres").superuser_dsn(DATABASE)

    @property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(State(self.state).redis_url)


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def world(words: Words) -> Iterator[Outside]:
    with outside(password=words.mailbox_password, model_says=words.response) as found:
        yield found


@pytest.fixture
def running(world: Outside, tmp_path: Path) -> Iterator[Watched]:
    Watched.authority = world.dovecot.certificate.ca
    installation = Watched(tmp_path / "home" / "state")
    try:
        yield installation
    finally:
        installation.process.terminate()
        installation.process.communicate(timeout=60)


class Listener(threading.Thread):
    """Notes every command that Redis is given."""

    def __init__(self, port: int, password: str, path: Path) -> None:
        super().__init__(daemon=True)
        self.line = socket.create_connection(("127.0.0.1", port))
        self.line.sendall(f"AUTH {password}\r\nMONITOR\r\n".encode())
        self.path = path

    def run(self) -> None:
        with self.path.open("wb", buffering=0) as file, self.line:
            while piece := self.line.recv(65536):
                file.write(piece)


def dump(installation: Watched, folder: Path) -> None:
    """The database as SQL: what is compressed in its files is not here."""
    folder.mkdir()
    with (folder / "whole.sql").open("wb") as file:
        subprocess.run([binary("pg_dump"), installation.superuser], stdout=file, check=True)
    assert (folder / "whole.sql").stat().st_size > 100_000
    said = installation.manage("backup", "backup_tenant", "acme", "--to", str(folder / "backup"))
    assert "equal to the live schema" in said


def exported(installation: Watched, folder: Path) -> bytes:
    """Everything that the export holds, unpacked."""
    installation.manage("manage", "export_tenant", "acme", "--out", str(folder), "--with-secrets")
    (bundle,) = folder.glob("*.tar")
    with tarfile.open(bundle) as tar:
        return b"".join(tar.extractfile(member).read() for member in tar if member.name.endswith(".csv"))


def test_nothing_is_found_in_clear_and_everything_is_in_the_export(
    running: Watched, world: Outside, words: Words, page: Page, tmp_path: Path
) -> None:
    said = running.read_until("Ctrl-C stops everything")
    state = State(running.state)
    Listener(state.ports["redis"], state.redis_password, tmp_path / "home" / "redis-traffic").start()
    address, password = re.search(r"sign in as (\S+) with (\S+)", said).groups()  # type: ignore[union-attr]
    someone = Session(page, f"http://acme.localhost:{running.port}", words, world)
    control = f"openly{words.mark[7:]}"

    someone.fail_to_sign_in()
    someone.sign_in(address, password)
    someone.connect()
    someone.bring_leads()
    someone.launch(control)
    someone.review()
    someone.receive()
    picture(page, "canary-received")
    look_everywhere(running, Word(words.mark), Word(control), tmp_path)
    held = exported(running, tmp_path / "export").decode()

    assert [category for category in CATEGORIES if getattr(words, category) not in held] == []


def look_everywhere(running: Watched, mark: Word, control: Word, scratch: Path) -> None:
    with psycopg.connect(running.superuser, autocommit=True) as root:
        root.execute("CHECKPOINT")
    server = running.redis
    server.config_set("rdbcompression", "no")
    server.save()
    dump(running, scratch / "home" / "dumps")

    found = files_with(mark, scratch / "home")
    assert found == {}
    assert files_with(control, running.state / "postgres" / "data")
    assert files_with(control, scratch / "home" / "dumps")
    if os.geteuid() == 0:
        assert not any(list(mark.hits(piece)) for piece in memory_of(server.info()["process_id"]))
    assert (scratch / "home" / "redis-traffic").stat().st_size > 1000
