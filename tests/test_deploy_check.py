"""`manage.py check --deploy` names what is missing, for the web's settings and for the console's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {
    "paitho.settings": [
        "PAITHO_DATABASE_HOST", "PAITHO_DIRECTORY_PASSWORD", "PAITHO_KMS", "PAITHO_MAIL_FROM",
        "PAITHO_MAIL_PROVIDER", "PAITHO_ORIGIN", "PAITHO_REDIS_URL", "PAITHO_REGION", "PAITHO_SECRET_KEY",
    ],
    "paitho.settings_ops": [
        "PAITHO_DATABASE_HOST", "PAITHO_OPS_ORIGIN", "PAITHO_OPS_PASSWORD", "PAITHO_ORIGIN",
        "PAITHO_REDIS_URL", "PAITHO_REGION", "PAITHO_SECRET_KEY",
    ],
}  # fmt: skip


@pytest.mark.parametrize("module", REQUIRED)
def test_each_missing_setting_is_named(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": module, "PAITHO_EMBEDDED": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    for name in REQUIRED[module]:
        assert f"(paitho.E001) {name} is not set." in said.stderr
