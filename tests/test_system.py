"""What happens to tests whose part of the system is missing: named and explained, and an error in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import pytest

@pytest.mark.browser
def test_a_page(): ...

def test_a_number(): ...
"""


@pytest.fixture
def run(tmp_path: Path):
    (tmp_path / "test_parts.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser: drives Chromium\n")

    def pytest_without_a_browser(**environment: str) -> subprocess.CompletedProcess[str]:
        quiet = ("-p", "no:django", "-p", "no:cacheprovider", "-p", "tests.system", "-q")
        return subprocess.run(
            [sys.executable, "-m", "pytest", *quiet, "-c", str(tmp_path / "pytest.ini"), str(tmp_path)],
            cwd=tmp_path,
            env={
                "PATH": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return pytest_without_a_browser


def test_a_test_without_its_part_is_left_out_by_name_and_the_others_run(run) -> None:
    done = run()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_parts.py::test_a_page: left out: chromium is not installed" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_in_ci_nothing_is_left_out(run) -> None:
    done = run(CI="true")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_a_page needs chromium, and CI leaves nothing out" in done.stdout + done.stderr


def test_with_the_part_everything_runs(run, tmp_path: Path) -> None:
    (tmp_path / "chromium").touch(mode=0o755)
    assert os.access(tmp_path / "chromium", os.X_OK)

    assert "2 passed" in run(CI="true").stdout
