"""`python -m paitho.embedded`: run the whole product from this checkout, and look into it.

up              start everything in the foreground; Ctrl-C stops it
stop            stop what `up` runs in another terminal
demo FILE …     run the main job once on a CSV file, with or without `up`
run ROLE …      run a command with what that role may hold (manage, backup, web, ops …)
env ROLE        print that environment for `eval` in a shell
psql            open the database as its superuser
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from paitho.embedded import process
from paitho.embedded.errors import EmbeddedError, StateError
from paitho.embedded.output import Terminal
from paitho.embedded.postgres import binary
from paitho.embedded.product import CONSOLE, DEMO, PREPARATIONS, Product
from paitho.embedded.state import DATABASE, HOLDS, ROOT, State
from paitho.embedded.supervisor import Stop, Supervisor, clear_leftovers

STOP_SECONDS = 40.0

RUNNING = """
Paitho is running.

  Demo workspace  {demo}
  Public site     {origin}
  Console         {console}
  Mail            {mail}  (sent by the demo: delivered/, by Paitho itself: outbox/)
  Logs            {logs}

Ctrl-C stops everything; the data stays.
"""


@contextlib.contextmanager
def owned(state: State, *, serves: bool) -> Iterator[None]:
    """The installation is ours until this process ends. Raises process.Held when it is another's."""
    state.claim()
    handle = process.lock(state.directory / "lock")
    try:
        clear_leftovers(str(state.directory))
        state.prepare(serves=serves)
        process.remember(state.directory / "run" / "supervisor.pid", os.getpid())
        yield
    finally:
        os.close(handle)


def up(state: State) -> int:
    terminal = Terminal()
    try:
        with owned(state, serves=True), Supervisor(state.directory / "logs", terminal) as supervisor:
            serve(supervisor, Product(state), terminal)
    except process.Held:
        raise StateError(f"Paitho already runs: {state.origin} (`make stop` stops it).") from None
    except Stop:
        terminal.say("Stopped.")
    return 0


def demo(state: State, words: list[str]) -> int:
    """The terminal belongs to the command; what the servers say is in their log files."""
    with Path(os.devnull).open("w") as nowhere:
        try:
            with (
                owned(state, serves=False),
                Supervisor(state.directory / "logs", Terminal(nowhere)) as supervisor,
            ):
                product = Product(state)
                supervisor.start(product.servers())
                supervisor.run(product.preparation(*PREPARATIONS))
                return supervisor.attend(product.manage("demo", *words))
        except process.Held:  # `make up` runs: its servers do
            return run(state, "manage", [sys.executable, str(ROOT / "manage.py"), "demo", *words])
        except Stop:
            return 130


def serve(supervisor: Supervisor, product: Product, terminal: Terminal) -> None:
    terminal.say("Starting PostgreSQL, Redis and the sandbox mail server, and preparing the database …")
    supervisor.start(product.servers())
    said = supervisor.run(product.preparation(*PREPARATIONS, CONSOLE, DEMO)).splitlines()
    console = next(line for line in said if line.startswith(product.state.ops_origin))
    terminal.say("Starting the web server and the workers …")
    supervisor.start([product.web(), product.ops(), product.beat(), product.backups(), *product.workers()])
    folder = product.state.directory
    terminal.say(
        RUNNING.format(
            demo=said[-1],
            console=console,
            origin=product.state.origin,
            mail=folder / "mail",
            logs=folder / "logs",
        )
    )
    supervisor.watch()


def stop(state: State) -> int:
    pid = process.remembered(state.directory / "run" / "supervisor.pid")
    if pid is None:
        print("Paitho does not run.")
        return 0
    if not process.end(pid, (signal.SIGTERM, STOP_SECONDS)):
        raise StateError(f"Paitho (process {pid}) does not stop.")
    print("Stopped.")
    return 0


def run(state: State, role: str, command: list[str]) -> int:
    if not command:
        raise StateError("Name the command to run.")
    os.execvpe(command[0], command, state.environment(role))  # noqa: S606  the person's own command


def env(state: State, role: str) -> int:
    for name, value in sorted(state.environment(role).items()):
        if name.startswith("PAITHO_"):
            print(f"export {name}={shlex.quote(value)}")
    return 0


def psql(state: State) -> int:
    cluster = Product(state).cluster
    if not cluster.is_running:
        raise StateError("PostgreSQL does not run: `make up` starts it.")
    os.execv(binary("psql"), ["psql", cluster.superuser_dsn(DATABASE)])  # noqa: S606  from our wheel


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m paitho.embedded",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "stop", "psql"):
        commands.add_parser(name)
    for name in ("run", "env"):
        commands.add_parser(name).add_argument("role", choices=sorted(HOLDS))
    commands.add_parser("demo")
    for name in ("run", "demo"):
        commands.choices[name].add_argument("words", nargs=argparse.REMAINDER)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    state = State()
    match options.command:
        case "up":
            return up(state)
        case "stop":
            return stop(state)
        case "demo":
            return demo(state, options.words)
        case "psql":
            return psql(state)
        case "env":
            return env(state, options.role)
        case _:
            return run(state, options.role, options.words)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmbeddedError as error:
        sys.exit(str(error))
