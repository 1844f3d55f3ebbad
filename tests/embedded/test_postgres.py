"""The embedded PostgreSQL: who may enter, who may run it, and what it survives."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from paitho.embedded import process
from paitho.embedded.account import choose
from paitho.embedded.errors import ClusterError
from paitho.embedded.postgres import SUPERUSER, Cluster, binary
from tests.embedded.conftest import ROOT, Script

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")

# Starts a cluster, says where, and waits for a line or its end.
HOLD = """
import sys
from pathlib import Path
from paitho.embedded.account import choose
from paitho.embedded.errors import ClusterError
from paitho.embedded.postgres import Cluster
with Cluster(Path(sys.argv[1]), durable=False) as cluster:
    print(cluster.port, cluster.process.pid, flush=True)
    sys.stdin.readline()
"""


def query(cluster: Cluster, sql: str) -> object:
    with psycopg.connect(cluster.superuser_dsn()) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


def pid_of(cluster: Cluster) -> int:
    assert cluster.process is not None
    return cluster.process.pid


def test_the_superuser_enters_by_the_socket_with_the_password_file(cluster: Cluster) -> None:
    assert query(cluster, "SELECT current_user::text") == SUPERUSER
    assert query(cluster, "SHOW server_version_num").__str__().startswith("18")
    assert query(cluster, "SHOW server_encoding") == "UTF8"


def test_no_role_enters_without_its_password(cluster: Cluster) -> None:
    with psycopg.connect(cluster.superuser_dsn(), autocommit=True) as connection:
        connection.execute("CREATE ROLE someone LOGIN PASSWORD 'right'")
        connection.execute("CREATE ROLE nobody_set_one LOGIN")
    sockets = conninfo_to_dict(cluster.superuser_dsn())["host"]

    psycopg.connect(
        host=cluster.host, port=cluster.port, user="someone", password="right", dbname="postgres"
    ).close()
    for host in (cluster.host, sockets):
        for user, password in (
            ("someone", "wrong"),
            ("someone", ""),
            ("nobody_set_one", "x"),
            (SUPERUSER, "x"),
        ):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(host=host, port=cluster.port, user=user, password=password, dbname="postgres")


def test_the_superuser_is_refused_over_tcp_even_with_the_right_password(cluster: Cluster) -> None:
    passfile = conninfo_to_dict(cluster.superuser_dsn())["passfile"]

    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(
            host=cluster.host, port=cluster.port, user=SUPERUSER, dbname="postgres", passfile=passfile
        )


def test_no_rule_trusts_a_connection_and_nothing_listens_beyond_loopback(cluster: Cluster) -> None:
    methods = query(cluster, "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules")

    assert methods == ["reject", "scram-sha-256"]
    assert query(cluster, "SHOW listen_addresses") == "127.0.0.1"


def test_secrets_and_sockets_are_private(cluster: Cluster) -> None:
    connection = conninfo_to_dict(cluster.superuser_dsn())

    assert stat.S_IMODE(Path(str(connection["passfile"])).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(str(connection["host"])).stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert "password" not in connection


def test_data_outlives_a_stop(tmp_path: Path, template: Path) -> None:
    with Cluster(tmp_path / "p", template=template) as cluster:
        query(cluster, "SELECT 1")
        with psycopg.connect(cluster.superuser_dsn()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with Cluster(tmp_path / "p") as cluster:
        assert query(cluster, "SELECT answer FROM kept") == 42


def test_a_copy_is_a_cluster_of_its_own(tmp_path: Path, template: Path) -> None:
    with Cluster(tmp_path / "a", template=template) as one, Cluster(tmp_path / "b", template=template) as two:
        with psycopg.connect(one.superuser_dsn(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE only_in_one")

        assert query(two, "SELECT count(*) FROM pg_database WHERE datname = 'only_in_one'") == 0


def test_a_running_cluster_is_no_template(tmp_path: Path, cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="in use"):
        Cluster(tmp_path / "copy", template=cluster.directory).start()


def test_a_second_start_is_refused_and_the_first_goes_on(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="Another process already runs"):
        Cluster(cluster.directory, durable=False).start()

    assert query(cluster, "SELECT 1") == 1


def test_a_taken_port_is_named(tmp_path: Path, template: Path, cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match=str(cluster.port)):
        Cluster(tmp_path / "other", port=cluster.port, template=template).start()


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path, template: Path) -> None:
    directory = tmp_path / ("a place with a long name " * 6)

    with Cluster(directory, durable=False, template=template) as cluster:
        sockets = Path(str(conninfo_to_dict(cluster.superuser_dsn())["host"]))
        assert query(cluster, "SELECT 1") == 1
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700

    assert not sockets.exists()


def test_a_killed_server_recovers(tmp_path: Path, template: Path) -> None:
    cluster = Cluster(tmp_path / "p", durable=False, template=template)
    cluster.start()
    os.kill(pid_of(cluster), signal.SIGKILL)
    cluster.stop()
    assert (cluster.data / "postmaster.pid").exists()

    with Cluster(tmp_path / "p", durable=False) as again:
        assert query(again, "SELECT 1") == 1


def test_a_stale_pid_file_naming_a_stranger_hurts_neither(
    tmp_path: Path, template: Path, script: Script
) -> None:
    stranger = script("import sys; print('up', flush=True); sys.stdin.readline()")
    assert stranger.stdout is not None
    stranger.stdout.readline()
    cluster = Cluster(tmp_path / "p", durable=False, template=template)
    cluster.start()
    left = (cluster.data / "postmaster.pid").read_text().splitlines()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left[1:]]) + "\n")

    with cluster:
        assert query(cluster, "SELECT 1") == 1

    assert stranger.poll() is None


def test_the_server_goes_when_its_owner_is_killed(tmp_path: Path, script: Script) -> None:
    owner = script(HOLD, tmp_path / "p")
    assert owner.stdout is not None
    pid = int(owner.stdout.readline().split()[1])
    owner.kill()

    deadline = time.monotonic() + 10
    while process.is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not process.is_alive(pid)


def test_a_server_without_an_owner_is_stopped_by_the_next_start(cluster: Cluster) -> None:
    orphan = pid_of(cluster)
    assert cluster._lock is not None
    os.close(cluster._lock)  # as if its owner were gone
    cluster._lock = None

    with Cluster(cluster.directory, durable=False) as again:
        assert query(again, "SELECT 1") == 1
        assert pid_of(again) != orphan
        assert not process.is_alive(orphan)


@needs_root
def test_root_runs_it_as_another_account_below_a_private_directory(tmp_path: Path, template: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    with Cluster(private / "p", durable=False, template=template) as cluster:
        assert Path(f"/proc/{pid_of(cluster)}").stat().st_uid != 0
        assert query(cluster, "SELECT 1") == 1


@needs_root
def test_root_needs_no_capability_where_the_account_can_go_by_itself(public_dir: Path) -> None:
    with Cluster(public_dir / "p", durable=False) as cluster:
        status = Path(f"/proc/{pid_of(cluster)}/status").read_text()

    assert "CapEff:\t0000000000000000" in status


@needs_root
def test_an_ordinary_account_runs_it_as_itself(public_dir: Path, script: Script) -> None:
    ordinary = choose(Path(sys.executable), ROOT)
    assert ordinary.entry is not None
    ordinary.own(public_dir)
    owner = script(HOLD, public_dir / "p", prefix=ordinary.prefix)
    assert owner.stdout is not None
    said = owner.stdout.readline()

    assert said.split()[0].isdigit(), said + owner.stdout.read()
    assert Path(f"/proc/{said.split()[1]}").stat().st_uid == ordinary.entry.pw_uid
    assert owner.communicate("\n", timeout=20) == ("", None)
    assert owner.returncode == 0


def test_the_wheel_has_the_programs_the_product_runs() -> None:
    for name in ("initdb", "postgres", "psql", "pg_dump", "pg_restore"):
        assert os.access(binary(name), os.X_OK), name
