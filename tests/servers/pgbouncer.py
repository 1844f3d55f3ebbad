"""PgBouncer on loopback with the configuration of docker-compose.yml, in front of the test's own cluster.

Debian stable has a version older than the one we ask for (see Dockerfile): what it does not know yet is left
out here by name, and its look-up of logins then runs in the product's database.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml

from tests.servers.ports import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
PASSWORD = "of-the-pooler"
NEWER = {"auth_dbname": (1, 19), "max_prepared_statements": (1, 21)}


def version() -> tuple[int, ...]:
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said.splitlines()[0]))


def configuration(port: int, server: tuple[str, int], users: Path) -> str:
    text = COMPOSE["configs"]["pgbouncer.ini"]["content"].replace("$$", "$")
    text = text.replace("host=postgres port=5432", f"host={server[0]} port={server[1]}")
    text = text.replace("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1")
    text = text.replace("listen_port = 6432", f"listen_port = {port}").replace("/tmp/users.txt", str(users))
    known = [line for line in text.splitlines() if version() >= NEWER.get(line.partition(" =")[0], (0,))]
    return "\n".join(known) + "\n"


def look_up(superuser: psycopg.Connection) -> None:
    """What `pooler.sh` makes once per cluster, here in the product's database."""
    script = COMPOSE["configs"]["pooler.sh"]["content"].replace("$$", "$")
    statements = script.partition("<<'SQL'\n")[2].partition("SQL")[0].replace(":'password'", f"'{PASSWORD}'")
    superuser.execute(statements.encode())
    superuser.execute("GRANT CONNECT ON DATABASE paitho_main TO paitho_pooler")


@contextmanager
def pgbouncer(superuser: psycopg.Connection, server: tuple[str, int]) -> Iterator[int]:
    """Start it and yield its port; what it needed in the database is taken back."""
    look_up(superuser)
    home = Path(tempfile.mkdtemp(prefix="paitho-pooler-"))
    port, users, ini = free_port(), home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"paitho_pooler" "{PASSWORD}"\n')
    ini.write_text(configuration(port, server, users))
    switch: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        for path in (home, users, ini):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        switch = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-q", ini], stdout=log, stderr=log, **switch)
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(20)
            shutil.rmtree(home, ignore_errors=True)
            superuser.execute(
                "DROP SCHEMA pooler CASCADE; REVOKE CONNECT ON DATABASE paitho_main FROM paitho_pooler;"
                " DROP ROLE paitho_pooler"
            )
