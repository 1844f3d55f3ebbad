"""A running installation of its own, and the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.test_up import Installation


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    """`make up`, in a state directory and on ports of its own."""
    installation = Installation(tmp_path / "state")
    try:
        installation.read_until("Ctrl-C stops everything")
        yield installation
    finally:
        installation.process.terminate()
        installation.process.wait(60)
        assert installation.process.stdout is not None
        installation.process.stdout.close()
