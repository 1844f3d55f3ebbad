"""The state directory `.paitho/`: secrets, chosen ports, and what each process is told of them.

Secrets are files of mode 0600 in a directory of mode 0700. A process is given the paths of those it may
hold, by name, and no others; nothing secret is in an environment, which a process list may show.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from paitho.embedded import process
from paitho.embedded.errors import StateError
from paitho.embedded.files import write_private
from paitho.embedded.postgres import binary

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "paitho_main"
PORTS = ("postgres", "redis", "smtp", "imap")  # chosen by us; those of web and ops by the person

# Who holds what. `manage` is a person at the keyboard, who may change structure, back up and restore;
# `backup` makes the nightly backups; `setup` is the first start.
SERVING = frozenset({"secret_key", "directory", "redis_url"})
HOLDS: dict[str, frozenset[str]] = {
    "web": SERVING,
    "worker": SERVING,
    "beat": SERVING,
    "provision": SERVING | {"owner"},
    "manage": SERVING | {"owner", "backup"},
    "backup": SERVING | {"backup"},
    "ops": frozenset({"ops_secret_key", "ops", "redis_url"}),
    "mail": frozenset(),
    "setup": SERVING | {"owner", "ops", "backup"},
}
VARIABLES = {
    "secret_key": "PAITHO_SECRET_KEY_FILE",
    "ops_secret_key": "PAITHO_SECRET_KEY_FILE",
    "redis_url": "PAITHO_REDIS_URL_FILE",
    "directory": "PAITHO_DIRECTORY_PASSWORD_FILE",
    "owner": "PAITHO_OWNER_PASSWORD_FILE",
    "ops": "PAITHO_OPS_PASSWORD_FILE",
    "backup": "PAITHO_BACKUP_PASSWORD_FILE",
}
UNSEALS = frozenset({"web", "worker", "beat", "provision", "manage", "backup", "setup"})
# What a child may inherit of the terminal it was started from: nothing that could hold a secret.
INHERITED = frozenset(
    {"PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TERM", "COLUMNS", "LINES", "NO_COLOR",
     "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PAITHO_LOG_LEVEL"}
)  # fmt: skip


class State:
    """One installation's secrets and ports."""

    def __init__(self, directory: Path | None = None) -> None:
        chosen = directory or Path(os.environ.get("PAITHO_STATE") or ROOT / ".paitho")
        self.directory = chosen.absolute()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.ports['web']}"

    @property
    def ops_origin(self) -> str:
        return f"http://localhost:{self.ports['ops']}"

    @property
    def ports(self) -> dict[str, int]:
        """The port of each server, as chosen by `prepare`."""
        try:
            return {str(name): int(port) for name, port in json.loads(self._portfile.read_text()).items()}
        except (OSError, ValueError) as error:
            raise StateError(
                f"There is no embedded Paitho in {self.directory}: run `make up` first."
            ) from error

    def claim(self) -> None:
        """Make the directory. Raises StateError when it is another account's."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.directory.stat().st_uid
        if owner != os.geteuid():
            raise StateError(
                f"{self.directory} belongs to another account (uid {owner}): use that one, or set "
                "PAITHO_STATE to a directory of your own."
            )

    def prepare(self, *, serves: bool = True) -> None:
        """Make what is missing: directory, secrets, and ports that are free now.

        Call it while nothing of this installation runs. When it is to serve pages, raises StateError if
        the port for them is taken.
        """
        self.claim()
        self.directory.chmod(0o700)
        for name in ("secrets", "logs", "run", "mail", "kms"):
            (self.directory / name).mkdir(mode=0o700, exist_ok=True)
        for name in VARIABLES.keys() - {"redis_url"}:
            self._keep(name, lambda: secrets.token_urlsafe(48))
        self._keep("redis", lambda: secrets.token_hex(32))
        self._choose_ports(serves=serves)
        write_private(self._file("redis_url"), self.redis_url)

    @property
    def redis_password(self) -> str:
        return self._file("redis").read_text()

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.redis_password}@127.0.0.1:{self.ports['redis']}/0"

    def environment(self, role: str) -> dict[str, str]:
        """Everything a process of this role is told, and all it is told."""
        shared = {name: value for name, value in os.environ.items() if name in INHERITED}
        files = {VARIABLES[secret]: str(self._file(secret)) for secret in HOLDS[role]}
        told = {} if role == "mail" else {**self._places(), **files}
        if role == "ops":
            told["DJANGO_SETTINGS_MODULE"] = "paitho.settings_ops"
        if role in UNSEALS:
            told["PAITHO_KMS"] = f"local:{self.directory / 'kms' / 'master.key'}"
        return {**shared, **told, "PYTHONUNBUFFERED": "1"}

    def _places(self) -> dict[str, str]:
        ports = self.ports
        return {
            "PAITHO_EMBEDDED": "1",
            "PAITHO_STATE": str(self.directory),
            "PAITHO_DATABASE_HOST": "127.0.0.1",
            "PAITHO_DATABASE_PORT": str(ports["postgres"]),
            "PAITHO_DATABASE_NAME": DATABASE,
            "PAITHO_POSTGRES_BIN": str(binary("postgres").parent),
            "PAITHO_REGION": "eu",
            "PAITHO_ORIGIN": self.origin,
            "PAITHO_OPS_ORIGIN": self.ops_origin,
            "PAITHO_SANDBOX_DIR": str(self.directory / "mail"),
            "PAITHO_SANDBOX_SMTP": f"127.0.0.1:{ports['smtp']}",
            "PAITHO_SANDBOX_IMAP": f"127.0.0.1:{ports['imap']}",
        }

    @property
    def _portfile(self) -> Path:
        return self.directory / "run" / "ports.json"

    def _file(self, secret: str) -> Path:
        return self.directory / "secrets" / secret.replace("_", "-")

    def _keep(self, name: str, make: Callable[[], str]) -> None:
        if not self._file(name).exists():
            write_private(self._file(name), make())

    def _choose_ports(self, *, serves: bool) -> None:
        """Keep last time's ports where they are free: bookmarks and open terminals go on working."""
        try:
            before = self.ports
        except StateError:
            before = {}
        web = _port("PAITHO_PORT", 8000)
        chosen = {"web": web, "ops": _port("PAITHO_OPS_PORT", web + 1)}
        for variable, port in (("PAITHO_PORT", web), ("PAITHO_OPS_PORT", chosen["ops"])):
            if serves and process.is_port_taken(port):
                raise StateError(
                    f"Port {port} is taken by another program. Choose another: `make up {variable}=8080`."
                )
        for name in PORTS:
            port = before.get(name, 0)
            while not port or port in chosen.values() or process.is_port_taken(port):
                port = process.free_port()
            chosen[name] = port
        write_private(self._portfile, json.dumps(chosen))


def environment(role: str) -> dict[str, str]:
    """The environment of a process of this role in the installation this checkout uses."""
    return State().environment(role)


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StateError(f"{variable} is {text!r}; it must be a port number between 1 and 65535.")
    return int(text)
