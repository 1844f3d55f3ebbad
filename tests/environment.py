"""The environment of a test process: its own PostgreSQL cluster and Redis, and its own passwords.

A pytest plugin (`-p tests.environment`), loaded before Django reads its settings. Each xdist worker
has its own servers, because roles belong to a cluster and every cluster has the production names.
In a parallel run one cluster with the cast in it is made (`tests.template`) while the workers collect
their tests; each then begins with a copy.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from paitho.embedded.postgres import Cluster, binary
from paitho.embedded.redis import Redis
from tests.servers.ports import free_port

ORIGIN = "http://localhost:8000"
TEMPLATE = "PAITHO_TEST_TEMPLATE"  # the directory of a parallel run's template
TEMPLATE_SECONDS = 300
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Servers:
    """What was started, and the directory that holds it."""

    home: Path
    cluster: Cluster
    redis: Redis


def start(*, durable: bool = False, connections: int = 0) -> Path:
    """Start the servers, write the environment, and return the directory that holds them.

    `durable` is for benchmarks and faults: every commit reaches the disk, as in production; `connections` is
    for those that need more of them than the embedded default allows.
    """
    return start_servers(durable=durable, connections=connections).home


def start_servers(*, durable: bool = False, connections: int = 0) -> Servers:
    """As `start`, with the servers in hand."""
    home = Path(tempfile.mkdtemp(prefix="paitho-test-"))
    port = free_port() if durable else None  # a server that is started again is found where it was
    cluster = Cluster(home / "pg", port=port, durable=durable)
    if connections:
        cluster.ensure()
        with (cluster.data / "postgresql.auto.conf").open("a") as conf:
            conf.write(f"max_connections = {connections}\n")
    cluster.start()
    redis = _environ(home, cluster.port, made_up())
    os.environ["PAITHO_SUPERUSER_DSN"] = cluster.superuser_dsn()
    _at_the_end(home, cluster, redis)
    return Servers(home, cluster, redis)


def made_up() -> dict[str, str]:
    """Secrets for one run."""
    passwords = {name: secrets.token_hex(16) for name in ("DIRECTORY", "OWNER", "OPS", "BACKUP")}
    named = {f"PAITHO_{name}_PASSWORD": value for name, value in passwords.items()}
    return {**named, "PAITHO_SECRET_KEY": secrets.token_hex(32)}


def _environ(home: Path, port: int, secret: dict[str, str]) -> Redis:
    """Start Redis, and write the environment."""
    redis = Redis(home / "redis")
    redis.start()
    os.environ.update(secret)
    os.environ.update(
        {
            "PAITHO_DATABASE_HOST": Cluster.host,
            "PAITHO_DATABASE_PORT": str(port),
            "PAITHO_DATABASE_NAME": "paitho_main",
            "PAITHO_REDIS_URL": redis.url,
            "PAITHO_KMS": f"local:{home / 'master.key'}",
            "PAITHO_REGION": "eu",
            "PAITHO_ORIGIN": ORIGIN,
            "PAITHO_EMBEDDED": "1",
            "PAITHO_STATE": str(home / "state"),
            "PAITHO_LOG_LEVEL": "WARNING",
            "PAITHO_POSTGRES_BIN": str(binary("psql").parent),
        }
    )
    return redis


def _at_the_end(home: Path, cluster: Cluster, redis: Redis) -> None:
    def stop() -> None:
        redis.stop()
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)


def begin_template() -> None:
    """Have the template made by a process of its own; the workers find it by the environment."""
    home = Path(tempfile.mkdtemp(prefix="paitho-template-"))
    (home / "secrets.json").write_text(json.dumps(made_up()))
    os.environ[TEMPLATE] = str(home)
    with (home / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.template", str(home)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if name != TEMPLATE},
        )

    def stop() -> None:
        child.terminate()
        child.wait()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)


def begin_copy() -> Callable[[], None]:
    """The environment of a worker whose cluster is copied later: by the function that is returned."""
    template = Path(os.environ[TEMPLATE])
    home, port = Path(tempfile.mkdtemp(prefix="paitho-test-")), free_port()
    cluster = Cluster(home / "pg", port=port, durable=False, template=template / "pg")
    redis = _environ(home, port, json.loads((template / "secrets.json").read_text()))
    _at_the_end(home, cluster, redis)

    def finish() -> None:
        until = time.monotonic() + TEMPLATE_SECONDS
        while not (template / "ready").exists():
            if (template / "failed").exists() or time.monotonic() > until:
                raise RuntimeError((template / "log").read_text(errors="replace"))
            time.sleep(0.05)
        shutil.copy(template / "master.key", home / "master.key")
        cluster.start()
        os.environ["PAITHO_SUPERUSER_DSN"] = cluster.superuser_dsn()

    return finish


def start_template(home: Path, secret: dict[str, str]) -> Cluster:
    """The cluster of the template, running, in its environment; it is stopped and kept."""
    cluster = Cluster(home / "pg", durable=False)
    cluster.start()
    redis = _environ(home, cluster.port, secret)
    os.environ["PAITHO_SUPERUSER_DSN"] = cluster.superuser_dsn()
    atexit.register(redis.stop)
    return cluster


_copies: list[Callable[[], None]] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before pytest-django reads the settings; the controller of a parallel run needs no servers."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        _copies.append(begin_copy())
    elif getattr(early_config.known_args_namespace, "numprocesses", None):
        begin_template()
    else:
        start()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish() -> None:
    while _copies:
        _copies.pop()()
    # What was imported and collected stays: to look through it again and again takes a fifteenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
