"""The production files: which service holds which secret, and what the pooler may look up."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from paitho.embedded.postgres import Cluster, binary

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

SERVING = {"secret_key", "directory_password", "redis_url"}
CONSENTING = {"google_client_secret", "microsoft_client_secret"}
HOLDS = {
    "web": SERVING | CONSENTING | {"mail_token"},
    "worker-llm": SERVING,
    "worker-mail": SERVING | CONSENTING | {"mail_token"},
    "worker-cpu": SERVING | {"mail_token"},
    "beat": SERVING,
    "provision": SERVING | {"mail_token", "owner_password"},
    "migrate": SERVING | {"owner_password"},
    "ops": {"ops_secret_key", "ops_password", "redis_url"},
    "backup": SERVING | {"owner_password", "backup_password"},
    "backups": SERVING | {"backup_password"},
    "bootstrap": SERVING | {"superuser_dsn", "owner_password", "ops_password", "backup_password"},
    "postgres": {"superuser_password", "pooler_password"},
    "pgbouncer": {"pooler_password"},
    "redis": {"redis_password"},
}
LASTING = set(SERVICES) - {"bootstrap", "migrate", "backup"}


def test_each_service_holds_its_own_secrets_and_no_other() -> None:
    """Guards the boundary's logins: no web process or worker with the owner's or the backup's."""
    assert {name: set(service.get("secrets", [])) for name, service in SERVICES.items()} == HOLDS


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_just_the_secrets_it_is_given(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    named = {
        str(value).removeprefix("/run/secrets/")
        for key, value in environment.items()
        if key.endswith("_FILE")
    }
    scripts = str(SERVICES[name].get("command", "")) + dockerfile() + str(COMPOSE["configs"])
    in_scripts = {each for each in HOLDS[name] if f"/run/secrets/{each})" in scripts}

    assert named <= HOLDS[name]
    assert HOLDS[name] - named <= in_scripts


def test_no_secret_is_written_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY|DSN", key) and key != "PAITHO_SENTRY_DSN":
                assert key.endswith("_FILE"), f"{name}: {key}"
                assert str(value).startswith("/run/secrets/")


def test_only_the_origin_ports_are_published_and_only_to_the_proxy_beside_them() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:8000:8000"], "ops": ["127.0.0.1:8001:8001"]}
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "pgbouncer"):
        assert SERVICES[name]["networks"] == ["data"]


def test_our_processes_run_without_privileges() -> None:
    for name in LASTING - {"postgres", "redis"}:
        assert SERVICES[name]["cap_drop"] == ["ALL"], name
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"], name
        assert SERVICES[name]["read_only"] is True, name


def test_every_queue_has_a_worker_and_there_is_one_beat() -> None:
    commands = [str(service.get("command", "")) for service in SERVICES.values()]
    queues = re.findall(r"-Q (\S+)", " ".join(commands))

    assert sorted(queues) == ["cpu", "llm", "mail", "provision"]
    assert (
        sum("celery beat" in text.replace("-A paitho.celery ", "") or " beat " in text for text in commands)
        == 1
    )


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_every_image_is_a_stage_that_does_not_run_as_root() -> None:
    stages = dict(
        re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", dockerfile(), re.DOTALL | re.MULTILINE)
    )
    targets = {service["build"]["target"] for service in SERVICES.values() if "build" in service}

    assert targets == {"app", "tools", "pgbouncer"}
    for target in targets:
        assert re.findall(r"^USER (\S+)", stages[target], re.MULTILINE)[-1] in {"paitho", "postgres"}


def test_an_old_pooler_is_not_built() -> None:
    assert re.search(r"dpkg --compare-versions .* ge 1\.26\.1", dockerfile())


def test_secrets_and_local_state_stay_out_of_the_images() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {".*", "secrets", "node_modules"} <= set(ignored)


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "make-secrets"
    script.write_text((ROOT / ".ci" / "make-secrets").read_text())
    script.chmod(0o755)

    def made() -> dict[str, str]:
        subprocess.run([script], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = made()

    assert set(first) == set(COMPOSE["secrets"])
    assert made() == first
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    random = {
        name: value
        for name, value in first.items()
        if name not in CONSENTING | {"mail_token", "superuser_dsn", "redis_url"}
    }
    assert all(re.fullmatch("[0-9a-f]{128}", value) for value in random.values())
    assert len(set(random.values())) == len(random)
    assert random["redis_password"] in first["redis_url"]


@pytest.fixture
def pooled(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster on which the pooler's script has run."""
    with Cluster(tmp_path / "pg", durable=False) as cluster:
        connection = conninfo_to_dict(cluster.superuser_dsn())
        secret = tmp_path / "pooler_password"
        secret.write_text("right")
        text = COMPOSE["configs"]["pooler.sh"]["content"].replace("$$", "$")
        script = tmp_path / "pooler.sh"
        script.write_text(text.replace("/run/secrets/pooler_password", f"'{secret}'"))
        environment = {
            "PATH": f"{binary('psql').parent}:/usr/bin:/bin",
            "PGHOST": str(connection["host"]),
            "PGPORT": str(connection["port"]),
            "PGPASSFILE": str(connection["passfile"]),
        }
        subprocess.run(["/bin/sh", script], check=True, env=environment, capture_output=True)
        yield cluster


def test_the_pooler_looks_up_the_logins_that_go_through_it_and_no_other(pooled: Cluster) -> None:
    """Guards the other logins: the pooler cannot learn the owner's or the backup's."""
    with psycopg.connect(pooled.superuser_dsn(), autocommit=True) as root:
        for role, attributes in {
            "paitho_directory": "LOGIN",
            "paitho_ops": "LOGIN",
            "paitho_owner": "LOGIN CREATEROLE",
            "paitho_backup": "LOGIN BYPASSRLS",
            "tenant_acme_login": "LOGIN",
            "tenant_acme_app": "NOLOGIN",
            "tenant_sneaky_login": "LOGIN SUPERUSER",
            "tenant_late_login": "LOGIN VALID UNTIL '2020-01-01'",
        }.items():
            root.execute(f"CREATE ROLE {role} {attributes} PASSWORD 'x'")

    login = {"host": pooled.host, "port": pooled.port, "user": "paitho_pooler", "password": "right"}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as pooler:
        roles = [
            "postgres",
            "paitho_pooler",
            *("paitho_" + name for name in ("directory", "ops", "owner", "backup")),
        ]
        roles += ["tenant_acme_login", "tenant_acme_app", "tenant_sneaky_login", "tenant_late_login"]
        found = {
            name: verifier
            for role in roles
            for name, verifier in pooler.execute("SELECT name, verifier FROM pooler.login(%s)", [role])
        }
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            pooler.execute("SELECT rolpassword FROM pg_authid")

    assert set(found) == {"paitho_directory", "paitho_ops", "tenant_acme_login", "tenant_late_login"}
    assert found["tenant_acme_login"].startswith("SCRAM-SHA-256$")
    assert found["tenant_late_login"] is None


def test_the_repository_keeps_no_secret(tmp_path: Path) -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert "/secrets/" in ignored
    assert os.access(ROOT / ".ci" / "make-secrets", os.X_OK)
