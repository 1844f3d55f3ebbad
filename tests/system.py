"""The parts of the system that some tests drive: a browser, an IMAP server, a judge of spam.

As a command (`python -m tests.system`, part of `make test`) it installs them on Debian when it may. As a
pytest plugin it leaves out, by name and with the reason, the tests whose part is missing; in CI, where
nothing may be left out, that is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

import pytest

# The marker of a test, the programs of which one will do, and Debian's package.
BROWSERS = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
)  # fmt: skip
PARTS = {
    "browser": (BROWSERS, "chromium"),
    "dovecot": (("dovecot", "/usr/sbin/dovecot"), "dovecot-imapd"),
    "pgbouncer": (("pgbouncer", "/usr/sbin/pgbouncer"), "pgbouncer"),
    "spamassassin": (("spamassassin",), "spamassassin"),
    "mbsync": (("mbsync",), "isync"),
}

# Chromium without windows: the same engine, and a new page takes a third of the time.
FASTER = BROWSERS[0]


def missing() -> dict[str, str]:
    """The package to install for each marker whose part is not here."""
    return {
        marker: package
        for marker, (programs, package) in PARTS.items()
        if not any(map(shutil.which, programs))
    }


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def superuser_prefix() -> list[str] | None:
    """How to become root without asking anybody; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: Iterable[str]) -> str | None:
    """Install from Debian's archive; a sentence that says why not, when that is not possible."""
    apt, prefix = shutil.which("apt-get"), superuser_prefix()
    if apt is None:
        return "there is no apt-get here"
    if prefix is None:
        return "that takes root or a sudo that does not ask"
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, "--yes", "-qq"]
    for command in (["update"], ["install", "--no-install-recommends", *packages]):
        done = subprocess.run([*quiet, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "apt-get failed"
    return None


def main() -> int:
    packages = sorted(missing().values())
    if not shutil.which(FASTER) and install([FASTER]) is None:
        packages = sorted(missing().values())
    if not packages:
        return 0
    print(f"Installing {', '.join(packages)} for the tests …", flush=True)
    problem = install(packages)
    if problem:
        print(f"Not installed: {problem}. The tests that need them are left out.", flush=True)
    return 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = missing()
    for item in items:
        for marker, package in absent.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"left out: {package} is not installed"))
                if is_ci():
                    raise pytest.UsageError(f"{item.nodeid} needs {package}, and CI leaves nothing out.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: "))
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    ]
    if left_out:
        terminalreporter.section("left out")
        for nodeid, reason in sorted(left_out):
            terminalreporter.line(f"{nodeid}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
