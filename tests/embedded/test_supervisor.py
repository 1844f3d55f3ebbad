"""The supervisor with a table of tiny programs: starts, restarts, gives up, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from paitho.embedded import process
from tests.embedded.conftest import Script

# One supervisor with two layers. Each program writes its pid, says so, and lives until it is ended.
TABLE = """
import sys
from pathlib import Path
from paitho.embedded import process
from paitho.embedded.output import Terminal
from paitho.embedded.errors import EmbeddedError
from paitho.embedded.programs import Program
from paitho.embedded.supervisor import Stop, Supervisor, clear_leftovers, marked

state = Path(sys.argv[1])
kind = sys.argv[2]
LIVE = ("import os, signal, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); "
        "print('up', flush=True); ")
END = {
    "calm": LIVE + "time.sleep(600)",
    "deaf": LIVE + "signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
    "parent": LIVE + "import subprocess; "
              "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
              "open(sys.argv[1] + '-child', 'w').write(str(c.pid)); time.sleep(600)",
    "broken": "import sys; print('no such thing', flush=True); sys.exit(3)",
}

def program(name, kind):
    return Program(name, (sys.executable, "-c", END[kind], str(state / name)),
                   marked({"PATH": "/bin"}, str(state)), state, probe=(state / name).exists,
                   steps=((15, 1.0), (9, 1.0)))

(state / "logs").mkdir(exist_ok=True)
try:
    process.lock(state / "lock")
    clear_leftovers(str(state))
    with Supervisor(state / "logs", Terminal()) as supervisor:
        supervisor.start([program("below", "calm")], [program("above", kind)])
        print("READY", flush=True)
        supervisor.watch()
except process.Held:
    sys.exit("runs already")
except EmbeddedError as error:
    sys.exit(f"{error}")
except Stop:
    print("STOPPED", flush=True)
"""


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def read_until(supervisor: subprocess.Popen[str], word: str) -> str:
    assert supervisor.stdout is not None
    said = ""
    while word not in said:
        line = supervisor.stdout.readline()
        assert line, said
        said += line
    return said


def pid(path: Path) -> int:
    until(lambda: path.exists() and path.read_text())
    return int(path.read_text())


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_no_process(
    sig: signal.Signals, tmp_path: Path, script: Script
) -> None:
    supervisor = script(TABLE, tmp_path, "calm")
    read_until(supervisor, "READY")
    pids = [pid(tmp_path / "below"), pid(tmp_path / "above")]

    supervisor.send_signal(sig)
    said, _ = supervisor.communicate(timeout=20)

    assert "STOPPED" in said
    assert supervisor.returncode == 0
    assert not any(process.is_alive(each) for each in pids)


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "deaf")
    read_until(supervisor, "deaf")

    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=20)

    assert not process.is_alive(pid(tmp_path / "above"))


def test_what_a_program_started_ends_with_it(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "parent")
    grandchild = pid(tmp_path / "above-child")
    read_until(supervisor, "READY")

    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=20)

    until(lambda: not process.is_alive(grandchild))


def test_a_crashed_program_is_started_again(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "calm")
    read_until(supervisor, "READY")
    first = pid(tmp_path / "above")
    (tmp_path / "above").unlink()

    os.kill(first, signal.SIGKILL)

    assert "above ended; starting it again in 1 s." in read_until(supervisor, "again")
    assert pid(tmp_path / "above") != first


def test_a_program_that_cannot_start_ends_it_all_with_a_sentence(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "broken")

    said, _ = supervisor.communicate(timeout=30)

    assert supervisor.returncode == 1
    assert f"above ended 2 times in a row: see {tmp_path}/logs/above.log." in said
    assert "no such thing" in (tmp_path / "logs" / "above.log").read_text()
    assert not process.is_alive(pid(tmp_path / "below"))


def test_programs_end_with_a_killed_supervisor(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "calm")
    read_until(supervisor, "READY")
    pids = [pid(tmp_path / "below"), pid(tmp_path / "above")]

    supervisor.kill()

    until(lambda: not any(process.is_alive(each) for each in pids))


def test_the_next_start_ends_what_a_killed_supervisor_left(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "parent")
    grandchild = pid(tmp_path / "above-child")
    read_until(supervisor, "READY")
    supervisor.kill()
    supervisor.communicate()
    assert process.is_alive(grandchild)  # the kernel tells children, not grandchildren

    again = script(TABLE, tmp_path, "calm")
    read_until(again, "READY")

    assert not process.is_alive(grandchild)


def test_a_second_start_is_refused_and_the_first_goes_on(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "calm")
    read_until(supervisor, "READY")
    above = pid(tmp_path / "above")

    second = script(TABLE, tmp_path, "calm")
    said, _ = second.communicate(timeout=20)

    assert (second.returncode, said) == (1, "runs already\n")
    assert process.is_alive(above)


def test_every_line_goes_to_the_terminal_and_to_a_file(tmp_path: Path, script: Script) -> None:
    supervisor = script(TABLE, tmp_path, "calm")
    said = read_until(supervisor, "READY")

    assert "above      | up" in said
    assert (tmp_path / "logs" / "above.log").read_text() == "up\n"
