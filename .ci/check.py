"""`make check`: every static check, each with its result; all run, whatever fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
DJADE = [str(Path(PYTHON).with_name("djade")), "--target-version", "5.2"]

# What a production process is told; none of it is a secret of anybody's.
PRODUCTION = {
    "PAITHO_SECRET_KEY": "checked-" + "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PAITHO_DATABASE_HOST": "db.example.com",
    "PAITHO_DATABASE_SSLMODE": "verify-full",
    "PAITHO_DIRECTORY_PASSWORD": "directory",
    "PAITHO_REDIS_URL": "rediss://:password@redis.example.com:6379/0",
    "PAITHO_KMS": "aws:arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "PAITHO_REGION": "eu",
    "PAITHO_ORIGIN": "https://paitho.example.com",
    "PAITHO_OPS_ORIGIN": "https://ops.paitho.example.com",
    "PAITHO_BEHIND_PROXY": "1",
    "PAITHO_MAIL_FROM": "Paitho <no-reply@paitho.example.com>",
    "PAITHO_MAIL_PROVIDER": "postmark",
    "PAITHO_POSTMARK_TOKEN": "token",
}
# What the console is told: another secret key and login, no KMS, no workspace's or directory's login.
KEPT_FROM_THE_CONSOLE = {
    "PAITHO_DIRECTORY_PASSWORD",
    "PAITHO_KMS",
    "PAITHO_POSTMARK_TOKEN",
    "PAITHO_SECRET_KEY",
}
CONSOLE = {
    **{name: value for name, value in PRODUCTION.items() if name not in KEPT_FROM_THE_CONSOLE},
    "DJANGO_SETTINGS_MODULE": "paitho.settings_ops",
    "PAITHO_SECRET_KEY": "console-" + "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PAITHO_OPS_PASSWORD": "operators",
}


def templates() -> list[str]:
    folders = ("templates", *(path.parent.name for path in ROOT.glob("*/__init__.py")))
    return sorted(str(path.relative_to(ROOT)) for name in folders for path in (ROOT / name).rglob("*.html"))


def checks() -> dict[str, list[str]]:
    module = [PYTHON, "-m"]
    manage = [PYTHON, "-W", "error", "manage.py"]
    return {
        "mypy": [*module, "mypy", "."],
        "ruff check": [*module, "ruff", "check", "."],
        "ruff format": [*module, "ruff", "format", "--check", "."],
        "import-linter": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        "djade": [*DJADE, "--check", *templates()],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "check --deploy": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "check console": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
    }


def run(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    told = CONSOLE if name == "check console" else PRODUCTION
    environment = {**os.environ, **(told if "manage.py" in command else {})}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = f"\n{done.stdout.rstrip()}\n" if done.returncode else ""
    print(
        f"{'ok  ' if not done.returncode else 'FAIL'}  {name:<16} {time.monotonic() - started:5.1f} s{said}",
        flush=True,
    )
    return done.returncode == 0


def main() -> int:
    if sys.argv[1:] == ["--format-templates"]:
        return subprocess.run([*DJADE, *templates()], cwd=ROOT, check=False).returncode
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(run, checks().keys(), checks().values()))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
