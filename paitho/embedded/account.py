"""Which account runs PostgreSQL, which refuses to run as root, and how it reaches its files."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paitho.embedded.errors import NoAccount
from paitho.embedded.process import die_with_parent

# A checkout below /root is out of an ordinary account's sight. One capability lets the server read
# through, or, where a container withholds that one, a wider one. PostgreSQL asks access(2) whether it
# may run its own binary, and access(2) ignores capabilities unless `no_setuid_fixup` is set.
REACH: tuple[tuple[str, ...], ...] = (
    (),
    *(
        ("--securebits", "+no_setuid_fixup", "--inh-caps", caps, "--ambient-caps", caps)
        for caps in ("+dac_read_search", "+dac_override")
    ),
)
REACHES = 'test -x "$0" && "$0" --version >/dev/null && cd "$1"'
PREFERRED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Who runs the server: somebody else when we are root, otherwise simply the caller."""

    entry: pwd.struct_passwd | None = None
    prefix: tuple[str, ...] = ()
    switch: dict[str, Any] = field(default_factory=dict)

    def own(self, path: Path) -> None:
        """Give the path, and what is below it, to the account."""
        if self.entry is None:
            return
        os.chown(path, self.entry.pw_uid, self.entry.pw_gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder, name), self.entry.pw_uid, self.entry.pw_gid, follow_symlinks=False)

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        command = [*self.prefix, *map(str, argv)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", env=ENVIRONMENT, **self.switch
        )

    def popen(self, *argv: str | Path, log: Any) -> subprocess.Popen[bytes]:
        """Start a server that is asked to stop (SIGINT) when the thread that started it ends."""
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": "/", "env": ENVIRONMENT,
            "process_group": 0,
        }  # fmt: skip
        if self.prefix:
            command = [self.prefix[0], "--pdeathsig", "INT", *self.prefix[1:], *map(str, argv)]
            return subprocess.Popen(command, **options)
        arm = die_with_parent(signal.SIGINT)
        return subprocess.Popen(list(map(str, argv)), preexec_fn=arm, **self.switch, **options)


# Nothing of ours is in a server's environment, where `ps` shows it to the account's other processes.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def choose(binary: Path, directory: Path) -> Account:
    """The account that can run `binary` and enter `directory`. Raises NoAccount."""
    if os.geteuid() != 0:
        return Account()
    entry = _entry()
    for account in _candidates(entry):
        if account.run("/bin/sh", "-c", REACHES, binary, directory).returncode == 0:
            return account
    raise NoAccount(
        f"PostgreSQL refuses to run as root, and the account {entry.pw_name} cannot reach {directory} or "
        f"{binary.parent}. Move the checkout out of a private directory, or run as an ordinary user."
    )


def _entry() -> pwd.struct_passwd:
    for name in PREFERRED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoAccount("PostgreSQL refuses to run as root, and there is no account named postgres or nobody.")


def _candidates(entry: pwd.struct_passwd) -> list[Account]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        switch = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        return [Account(entry, switch=switch)]
    ids = (setpriv, "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups")
    return [Account(entry, prefix=(*ids, *reach)) for reach in REACH]
