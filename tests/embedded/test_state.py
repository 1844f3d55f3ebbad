"""The state directory: private, kept, and each process told of nothing that it may not hold."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from paitho.embedded.errors import StateError
from paitho.embedded.process import free_port
from paitho.embedded.state import HOLDS, State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("PAITHO_PORT", str(free_port()))
    monkeypatch.setenv("PAITHO_OPS_PORT", str(free_port()))
    state = State(tmp_path / "state")
    state.prepare()
    return state


def test_everything_is_private(state: State) -> None:
    for path in (state.directory, *state.directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_secrets_differ_and_are_kept(state: State) -> None:
    def secrets() -> dict[str, str]:
        return {path.name: path.read_text() for path in (state.directory / "secrets").iterdir()}

    before = secrets()
    state.prepare()

    assert secrets() == before
    assert len(set(before.values())) == len(before)
    assert min(len(value) for value in before.values()) >= 64


@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        ("PAITHO_OWNER_PASSWORD_FILE", {"provision", "manage", "setup"}),
        ("PAITHO_BACKUP_PASSWORD_FILE", {"backup", "manage", "setup"}),
        ("PAITHO_OPS_PASSWORD_FILE", {"ops", "setup"}),
        (
            "PAITHO_DIRECTORY_PASSWORD_FILE",
            {"web", "worker", "beat", "provision", "manage", "backup", "setup"},
        ),
        ("PAITHO_KMS", {"web", "worker", "beat", "provision", "manage", "backup", "setup"}),
    ],
)
def test_a_secret_is_told_to_those_who_may_hold_it(state: State, secret: str, holders: set[str]) -> None:
    """Guards the table of holders: no web process with the owner's or the backup's login."""
    assert {role for role in HOLDS if secret in state.environment(role)} == holders


def test_no_secret_is_in_an_environment_itself(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {path.read_text() for path in (state.directory / "secrets").iterdir()}
    monkeypatch.setenv("OPENAI_API_KEY", "inherited-by-nobody")

    for role in HOLDS:
        told = " ".join(state.environment(role).values())
        assert not any(secret in told for secret in secrets), role
        assert "inherited-by-nobody" not in told


def test_the_operators_console_signs_with_a_key_of_its_own(state: State) -> None:
    web, ops = state.environment("web"), state.environment("ops")

    assert Path(web["PAITHO_SECRET_KEY_FILE"]).read_text() != Path(ops["PAITHO_SECRET_KEY_FILE"]).read_text()


def test_ports_are_kept_while_they_are_free(state: State) -> None:
    before = state.ports
    with socket.create_server(("127.0.0.1", before["redis"])):
        state.prepare()

    assert state.ports["redis"] != before["redis"]
    assert state.ports["postgres"] == before["postgres"]
    assert f":{state.ports['redis']}/" in Path(state.environment("web")["PAITHO_REDIS_URL_FILE"]).read_text()


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PAITHO_PORT", str(port))

        with pytest.raises(StateError, match=f"Port {port} is taken.*PAITHO_PORT"):
            State(tmp_path).prepare()


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80a"])
def test_a_port_that_is_none_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAITHO_PORT", text)

    with pytest.raises(StateError, match="PAITHO_PORT"):
        State(tmp_path).prepare()


def test_without_a_start_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="make up"):
        State(tmp_path).environment("web")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another account's directory")
def test_another_accounts_directory_is_left_alone(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)

    with pytest.raises(StateError, match="belongs to another account"):
        State(tmp_path).prepare()

    assert not any(tmp_path.iterdir())
