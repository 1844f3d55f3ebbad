"""The embedded default's sandbox mail server as a process of its own, as `make up` starts it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port, wait_for

SCRIPT = Path(__file__).resolve().parents[2] / "paitho/embedded/sandbox_mail.py"


@dataclass(frozen=True)
class Sandbox:
    root: Path
    smtp_port: int
    imap_port: int
    process: subprocess.Popen

    def ledger(self) -> list[dict]:
        return [json.loads(line) for line in (self.root / "ledger.jsonl").read_text().splitlines()]


@contextmanager
def running_sandbox(root: Path, *options: str) -> Iterator[Sandbox]:
    smtp_port, imap_port = free_port(), free_port()
    ports = ["--smtp-port", str(smtp_port), "--imap-port", str(imap_port)]
    command = [sys.executable, str(SCRIPT), "--dir", str(root), *ports, "--answer-after", "0.05", *options]
    root.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(command, cwd=root)
    try:
        wait_for(smtp_port)
        wait_for(imap_port)
        yield Sandbox(root, smtp_port, imap_port, process)
    finally:
        process.terminate()
        process.wait(60)
