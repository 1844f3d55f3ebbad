"""The console's own templates compile under its settings, which know tags that the web process does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.operators.conftest import ROOT, environment

COMPILE = """
import django, pathlib
django.setup()
from django.template.loader import get_template
folder = pathlib.Path("templates")
found = [p for name in ("operators", "unfold", "admin") for p in sorted((folder / name).rglob("*.*"))]
for path in found:
    get_template(str(path.relative_to(folder)))
print(len(found))
"""


@pytest.mark.usefixtures("_workspaces")
def test_every_template_of_the_console_compiles():
    done = subprocess.run(
        [sys.executable, "-c", COMPILE], cwd=ROOT, env=environment(1), capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5
