"""The benchmarks run at small sizes and end in the JSON that is promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

WORKSPACES = {
    "create_s",
    "create_ratio_last_first",
    "noop_migrate_s",
    "add_column_s",
    "add_column_s_django_tenants",
    "web_rss_mb_first",
    "web_rss_mb_last",
}


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["bench.workspaces", "--n", "3", "--peer", "1"], WORKSPACES),
        (
            ["bench.boundary", "--workspaces", "4", "--leads", "60", "--rounds", "2"],
            {"ratio_warm", "cold_ms", "warm_ms"},
        ),
    ],
    ids=["workspaces", "boundary"],
)
def test_a_small_run_ends_in_its_json(words, keys):
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PAITHO_")}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=ours, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines(), done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == keys
    assert all(value > 0 for value in found.values())
