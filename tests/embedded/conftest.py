"""Places and programs for the tests of the embedded servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paitho.embedded.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]
Script = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped cluster to copy: a fifth of the time of a new one."""
    directory = tmp_path_factory.mktemp("template")
    Cluster(directory, durable=False).ensure()
    return directory


@pytest.fixture
def cluster(tmp_path: Path, template: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "postgres", durable=False, template=template) as running:
        yield running


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A directory that any account may enter; those of pytest are private."""
    directory = Path(tempfile.mkdtemp(prefix="paitho-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def script() -> Iterator[Script]:
    """Runs Python text in a process of its own; what is left at the end is killed."""
    children: list[subprocess.Popen[str]] = []

    def run(text: str, *argv: str | Path, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [*prefix, sys.executable, "-c", text, *map(str, argv)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        children.append(child)
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()
