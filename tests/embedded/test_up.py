"""The whole product by `python -m paitho.embedded up`: it serves, keeps its secrets apart, leaves nothing."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paitho.embedded.process import free_port, is_alive, is_port_taken
from paitho.embedded.supervisor import MARK
from tests.embedded.conftest import ROOT

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "paitho.embedded"]


class Installation:
    """The product in a state directory and on ports of its own."""

    def __init__(self, state: Path) -> None:
        self.port, self.ops_port = free_port(), free_port()
        self.state = state
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(state.parent),
            "PAITHO_STATE": str(state),
            "PAITHO_PORT": str(self.port),
            "PAITHO_OPS_PORT": str(self.ops_port),
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "up"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, words: str) -> str:
        assert self.process.stdout is not None
        said = ""
        while words not in said:
            line = self.process.stdout.readline()
            assert line, said
            said += line
        return said

    def pids(self) -> dict[int, dict[str, str]]:
        """Every process of this installation with its environment."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                pairs = entry.read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            told = dict(pair.partition("=")[::2] for pair in pairs)
            if told.get(MARK) == str(self.state):
                found[int(entry.parent.name)] = told
        return found

    def get(self, host: str, path: str, port: int = 0) -> int:
        port = port or self.port
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            line.request("GET", path, headers={"Host": f"{host}:{port}"})
            return line.getresponse().status


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    if not (ROOT / "paitho" / "static" / "build").is_dir():
        pytest.skip("needs the front-end packages: make assets")
    running = Installation(tmp_path / "state")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()
    deadline = time.monotonic() + 15
    while running.pids() and time.monotonic() < deadline:
        time.sleep(0.1)


def test_up_serves_refuses_a_second_start_recovers_and_leaves_nothing(installation: Installation) -> None:
    said = installation.read_until("Ctrl-C")
    assert f"http://acme.localhost:{installation.port}  sign in as olga@acme.sandbox" in said
    assert f"http://localhost:{installation.ops_port}/join/" in said
    assert installation.get("acme.localhost", "/sign-in/") == 200
    assert installation.get("localhost", "/sign-in/", port=installation.ops_port) == 200
    assert installation.get("unknown.localhost", "/sign-in/") == 404
    refuses_a_second_start(installation)
    tells_nobody_too_much(installation)

    recovers_from_a_kill(installation)

    pids = list(installation.pids())
    installation.process.send_signal(signal.SIGINT)
    said, _ = installation.process.communicate(timeout=60)
    assert said.rstrip().endswith("Stopped.")
    assert installation.process.returncode == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not is_port_taken(installation.port)


def refuses_a_second_start(installation: Installation) -> None:
    second = subprocess.run(
        [*COMMAND, "up"], cwd=ROOT, env=installation.environment, capture_output=True, text=True, check=False
    )

    assert second.returncode == 1
    assert second.stderr == (
        f"Paitho already runs: http://localhost:{installation.port} (`make stop` stops it).\n"
    )


def tells_nobody_too_much(installation: Installation) -> None:
    """Guards two logins: the owner's in the provisioning worker, the backup's in `keep_backups`."""
    told = installation.pids().values()
    owners = [each for each in told if "PAITHO_OWNER_PASSWORD_FILE" in each]

    assert len(told) >= 8
    assert len(owners) == 1
    keepers = [each for each in told if "PAITHO_BACKUP_PASSWORD_FILE" in each]
    assert len(keepers) == 1
    assert keepers != owners
    assert not any("PAITHO_SUPERUSER_DSN" in each for each in told)


def recovers_from_a_kill(installation: Installation) -> None:
    installation.process.kill()
    installation.process.communicate()
    installation.process = installation.start()

    installation.read_until("Ctrl-C")

    assert installation.get("acme.localhost", "/sign-in/") == 200
