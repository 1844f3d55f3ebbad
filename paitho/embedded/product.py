"""The whole product as a table of services: what runs, as whom, and in which order."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from paitho.embedded.postgres import Cluster
from paitho.embedded.programs import Program, Service, Steps, answers_http, takes_connections
from paitho.embedded.redis import Redis
from paitho.embedded.state import ROOT, State
from paitho.embedded.supervisor import marked

# Run at each start, in this order; the last two, for `make up` only, say how to sign in.
PREPARATIONS = ("bootstrap_cluster", "migrate_directory", "migrate_workspaces")
CONSOLE, DEMO = "ensure_operator", "ensure_demo"
# Names of workers, their role, and how Celery runs them. A threads pool holds 50 waiting model calls in
# the memory of one process; imports and exports use the processor and get a process of their own.
WORKERS = (
    ("worker", "worker", ("--queues", "llm,mail", "--pool", "threads", "--concurrency", "20")),
    ("cpu", "worker", ("--queues", "cpu", "--pool", "prefork", "--concurrency", "1")),
    ("provision", "provision", ("--queues", "provision", "--pool", "solo")),
)
# Celery has a page of words for whoever runs it as root; nothing here is pickled.
CELERY = (
    "-W",
    "ignore:You're running the worker with superuser",
    "-m",
    "celery",
    "--quiet",
    "--app",
    "paitho.celery",
)
QUIET = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")
# Loading before it binds, a web server refuses connections until it can answer them.
WSGI = (
    "--preload",
    "--no-control-socket",
    "--workers",
    "1",
    "--threads",
    "8",
    "--graceful-timeout",
    "3",
    "--log-level",
    "warning",
)


@dataclass(frozen=True)
class Server:
    """PostgreSQL or Redis: `start` returns when it answers."""

    name: str
    server: Cluster | Redis
    steps: Steps
    is_quiet: bool = True

    def start(self, log: int) -> subprocess.Popen[bytes]:
        self.server.start(log)
        if self.server.process is None:
            raise RuntimeError(f"{self.name} started without a process")
        return self.server.process

    def is_ready(self) -> bool:
        return True

    def release(self) -> None:
        self.server.stop()


@dataclass(frozen=True)
class Product:
    """The services of one installation."""

    state: State

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.state.directory / "postgres", port=self.state.ports["postgres"])

    def servers(self) -> list[Service]:
        """What the product rests on."""
        redis = Redis(
            self.state.directory / "redis",
            port=self.state.ports["redis"],
            password=self.state.redis_password,
        )
        postgres = Server("postgres", self.cluster, ((signal.SIGINT, 6.0), (signal.SIGQUIT, 3.0)))
        return [self._mail(), Server("redis", redis, ((signal.SIGTERM, 3.0),)), postgres]

    def preparation(self, *commands: str) -> Program:
        """The management commands that make the database ready, as the superuser's and the owner's."""
        program = self._program("setup", "setup", "-m", "paitho.embedded.prepare", *commands)
        superuser = {"PAITHO_SUPERUSER_DSN": self.cluster.superuser_dsn()}
        return replace(program, is_quiet=True, environment={**program.environment, **superuser})

    def workers(self) -> list[Service]:
        return [
            self._program(name, role, *CELERY, "worker", "--hostname", f"{name}@%h", *how, *QUIET)
            for name, role, how in WORKERS
        ]

    def beat(self) -> Service:
        schedule = self.state.directory / "run" / "beat"
        options = ("--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING")
        return self._program("beat", "beat", *CELERY, "beat", *options)

    def backups(self) -> Service:
        """Nightly backups; no worker, because no worker holds the backup's login."""
        return self._program("backups", "backup", str(ROOT / "manage.py"), "keep_backups")

    def web(self) -> Service:
        return self._gunicorn("web", "paitho.wsgi:application")

    def ops(self) -> Service:
        return self._gunicorn("ops", "paitho.wsgi_ops:application")

    def manage(self, *arguments: str) -> Program:
        return self._program("manage", "manage", str(ROOT / "manage.py"), *arguments)

    def _mail(self) -> Program:
        folder = self.state.directory / "mail"
        smtp, imap = self.state.ports["smtp"], self.state.ports["imap"]
        server = Path(__file__).with_name("sandbox_mail.py")
        return Program(
            "mail",
            (sys.executable, server, "--dir", folder, "--smtp-port", str(smtp), "--imap-port", str(imap)),
            self._environment("mail"),
            folder,  # outside the project, whose package `mailbox` would hide the standard library's
            probe=lambda: takes_connections(smtp, imap),
        )

    def _gunicorn(self, role: str, application: str) -> Program:
        port = self.state.ports[role]
        command = (sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *WSGI)
        environment = self._environment(role)
        return Program(role, command, environment, ROOT, probe=lambda: answers_http(port))

    def _program(self, name: str, role: str, *arguments: str) -> Program:
        return Program(name, (sys.executable, *arguments), self._environment(role), ROOT)

    def _environment(self, role: str) -> dict[str, str]:
        return marked(self.state.environment(role), str(self.state.directory))
