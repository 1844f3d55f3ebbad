"""The console as it is served: a process of its own with the operators' login, asked over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paitho.embedded.process import free_port
from paitho.embedded.programs import answers_http
from tests.live import live, port
from tests.operators.client import Console, Operator, join

__all__ = ["live", "port"]

ROOT = Path(__file__).resolve().parents[2]
# What the console's process is told; of the test process's secrets only the operators' password.
TOLD = (
    "PATH", "HOME", "PAITHO_DATABASE_HOST", "PAITHO_DATABASE_PORT", "PAITHO_DATABASE_NAME",
    "PAITHO_REDIS_URL", "PAITHO_REGION", "PAITHO_ORIGIN", "PAITHO_EMBEDDED", "PAITHO_OPS_PASSWORD",
    "PAITHO_LOG_LEVEL",
)  # fmt: skip
# Ada stays for the whole run: setting a sign-in up is slow on purpose.
EMPTY = """
SET session_replication_role = replica;
DELETE FROM public.operator_sessions s USING public.operators o
    WHERE o.id = s.operator_id AND o.email <> 'ada@paitho.example';
DELETE FROM public.operator_passkeys p USING public.operators o
    WHERE o.id = p.operator_id AND o.email <> 'ada@paitho.example';
DELETE FROM public.operators WHERE email <> 'ada@paitho.example';
DELETE FROM public.operations;
UPDATE public.operator_sessions SET proved_at = now();
UPDATE public.operators SET totp_step = 0;
SET session_replication_role = DEFAULT;
"""


def environment(port: int) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in TOLD if name in os.environ},
        "DJANGO_SETTINGS_MODULE": "paitho.settings_ops",
        "PAITHO_SECRET_KEY": "console-" + "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP",
        "PAITHO_OPS_ORIGIN": f"http://localhost:{port}",
    }


@pytest.fixture(scope="session")
def console_process(_workspaces) -> Iterator[str]:
    """The console's origin."""
    number = free_port()
    command = [sys.executable, "-m", "gunicorn", "paitho.wsgi_ops:application", f"--bind=127.0.0.1:{number}"]
    options = ["--threads=4", "--no-control-socket", "--log-level=warning"]
    process = subprocess.Popen([*command, *options], cwd=ROOT, env=environment(number))
    deadline = time.monotonic() + 60
    while not answers_http(number):
        assert process.poll() is None, "The console does not start."
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield f"http://localhost:{number}"
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def _ada(console_process: str) -> Operator:
    from django.test import override_settings

    with override_settings(OPS_ORIGIN=console_process):
        return join(Console(console_process), "ada@paitho.example", "Ada")


@pytest.fixture
def ada(_ada: Operator, world, superuser, settings) -> Iterator[Operator]:
    """Ada, an operator who is signed in; the record is empty, and other operators go afterwards."""
    settings.OPS_ORIGIN = _ada.console.origin
    _ada.used = 0
    forget_attempts()
    superuser.execute(EMPTY)
    yield _ada
    superuser.execute(EMPTY)


@pytest.fixture
def console(ada: Operator) -> Console:
    """Ada's browser."""
    return ada.console


def forget_attempts() -> None:
    from django.core.cache import cache

    cache._cache.get_client().flushdb()
