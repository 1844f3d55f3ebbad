"""The environment of a test process: its own PostgreSQL cluster and Redis, and its own passwords.

A pytest plugin (`-p tests.environment`), loaded before Django reads its settings. Each xdist worker
has its own servers, because roles belong to a cluster and every cluster has the production names.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from paitho.embedded.postgres import Cluster, binary
from paitho.embedded.redis import Redis
from tests.servers.ports import free_port

ORIGIN = "http://localhost:8000"


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
    redis = Redis(home / "redis")
    redis.start()
    passwords = {name: secrets.token_hex(16) for name in ("DIRECTORY", "OWNER", "OPS", "BACKUP")}
    os.environ.update({f"PAITHO_{name}_PASSWORD": value for name, value in passwords.items()})
    os.environ.update(
        {
            "PAITHO_SUPERUSER_DSN": cluster.superuser_dsn(),
            "PAITHO_SECRET_KEY": secrets.token_hex(32),
            "PAITHO_DATABASE_HOST": cluster.host,
            "PAITHO_DATABASE_PORT": str(cluster.port),
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

    def stop() -> None:
        redis.stop()
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    return Servers(home, cluster, redis)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before pytest-django reads the settings; the controller of a parallel run needs no servers."""
    is_controller = bool(getattr(early_config.known_args_namespace, "numprocesses", None))
    if not is_controller or "PYTEST_XDIST_WORKER" in os.environ:
        start()
