"""The sandbox's files: mailboxes with UIDs that survive a restart, accounts, and the ledger."""

import fnmatch
import hmac
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

FOLDERS = ("INBOX", "Sent", "Junk", "Drafts", "Trash")
HEAD = 16_384
SEARCHED = {
    name: re.compile(rb"^" + name.encode() + rb":[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
    for name in ("MESSAGE-ID", "X-PAITHO-ID")
}


@dataclass(frozen=True)
class Entry:
    """One message of a folder; `ids` holds the header fields that searches ask for again and again."""

    uid: int
    flags: str
    at: datetime
    ids: dict[str, str] = field(default_factory=dict)


class Folder:
    """A directory of `<uid>,<flags>.eml` files, with the UIDVALIDITY and the next UID beside them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watchers: list[Callable[[int], None]] = []
        path.mkdir(parents=True, exist_ok=True)
        self.entries = {entry.uid: entry for entry in sorted(self.scan(), key=lambda entry: entry.uid)}
        self.state = self.load_state()

    def scan(self) -> Iterator[Entry]:
        for file in self.path.glob("*.eml"):
            uid, _, flags = file.stem.partition(",")
            with file.open("rb") as stream:
                head = stream.read(HEAD)
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            yield Entry(int(uid), flags, at, searched_ids(head))

    def load_state(self) -> dict[str, int]:
        file = self.path / "state.json"
        if file.exists():
            state: dict[str, int] = json.loads(file.read_text())
        else:
            state = {"validity": int(time.time()), "next": 1}
            file.write_text(json.dumps(state))
        state["next"] = max([state["next"], *(uid + 1 for uid in self.entries)])
        return state

    def file(self, entry: Entry) -> Path:
        return self.path / (f"{entry.uid},{entry.flags}.eml" if entry.flags else f"{entry.uid}.eml")

    def add(self, content: bytes, *, at: datetime | None = None, flags: str = "") -> Entry:
        entry = Entry(self.state["next"], flags, at or datetime.now(UTC), searched_ids(content[:HEAD]))
        self.state["next"] += 1
        write(self.file(entry), content)
        if at is not None:
            os.utime(self.file(entry), (at.timestamp(), at.timestamp()))
        self.entries[entry.uid] = entry
        for watcher in self.watchers:
            watcher(entry.uid)
        return entry

    def having(self, name: str, value: str) -> list[int]:
        """The UIDs whose header field, one of SEARCHED, contains the value."""
        value = value.lower()
        return [uid for uid, entry in self.entries.items() if value in entry.ids.get(name, "")]

    def read(self, uid: int) -> bytes:
        return self.file(self.entries[uid]).read_bytes()

    def flag(self, uid: int, flags: str) -> None:
        before = self.entries[uid]
        after = replace(before, flags=flags)
        self.file(before).rename(self.file(after))
        self.entries[uid] = after

    def remove(self, uid: int) -> None:
        """Delete a message; its UID is never given again."""
        self.file(self.entries.pop(uid)).unlink()
        (self.path / "state.json").write_text(json.dumps(self.state))


def searched_ids(head: bytes) -> dict[str, str]:
    found = {name: pattern.search(head) for name, pattern in SEARCHED.items()}
    return {name: match[1].decode("ascii", "replace").lower() for name, match in found.items() if match}


def write(path: Path, content: bytes) -> None:
    """Readers see the whole file or none."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(content)
    beside.replace(path)


class Mailboxes:
    """Every account's folders, under `<dir>/mail/<address>/<folder>`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open: dict[tuple[str, str], Folder] = {}

    def __contains__(self, address: str) -> bool:
        return (self.path / file_name(address.lower())).is_dir()

    def names(self, address: str) -> list[str]:
        home = self.path / file_name(address.lower())
        for name in FOLDERS:
            (home / file_name(name)).mkdir(parents=True, exist_ok=True)
        found = {unquote(child.name) for child in home.iterdir() if child.is_dir()}
        return [*FOLDERS, *sorted(found.difference(FOLDERS))]

    def folder(self, address: str, name: str) -> Folder:
        key = (address.lower(), name)
        if key not in self.open:
            self.names(address)
            self.open[key] = Folder(self.path / file_name(address.lower()) / file_name(name))
        return self.open[key]


class Accounts:
    """Who may sign in: `accounts.json`, written with defaults once and read again when it changes."""

    def __init__(self, path: Path, domain: str) -> None:
        self.path = path
        self.read_at = 0
        self.rules: dict[str, Any] = {}
        if not path.exists():
            defaults = {"password": "sandbox", "domains": [domain, "*.sandbox"], "accounts": {}}
            path.write_text(json.dumps(defaults, indent=2) + "\n")

    def check(self, address: str, password: str) -> bool:
        """An address listed under `accounts` has its own password; any other at `domains` the common one."""
        self.reload()
        address = address.lower()
        expected = self.rules["accounts"].get(address)
        if expected is None and self.is_ours(address):
            expected = self.rules["password"]
        given = password.encode("utf-8", "replace")
        return expected is not None and hmac.compare_digest(expected.encode(), given)

    def is_ours(self, address: str) -> bool:
        domain = address.rpartition("@")[2]
        return "@" in address and any(fnmatch.fnmatch(domain, rule) for rule in self.rules["domains"])

    def reload(self) -> None:
        changed = self.path.stat().st_mtime_ns
        if changed != self.read_at:
            self.rules = {"accounts": {}, "domains": [], **json.loads(self.path.read_text())}
            self.read_at = changed


def add_account(path: Path, address: str, password: str) -> None:
    """Give one address a password of its own."""
    rules = json.loads(path.read_text())
    rules.setdefault("accounts", {})[address.lower()] = password
    write(path, (json.dumps(rules, indent=2) + "\n").encode())


def file_name(text: str) -> str:
    """A name that is safe as one path component, and can be turned back."""
    quoted = quote(text, safe="@+-_ ", errors="replace")
    return (quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted)[:200]
