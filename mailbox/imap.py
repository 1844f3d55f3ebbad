"""Reading by IMAP: folders, new headers, single bodies; nothing in the mailbox is ever changed.

A folder is opened with EXAMINE and read with BODY.PEEK, so that \\Seen is never set (RFC 3501, 6.3.2 and
6.4.5). IMAPClient from version 4 on takes UIDs as lists of integers only.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Self

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from mailbox.account import Account, Auth, Security
from mailbox.guard import HostProblem
from mailbox.stream import dial

BATCH = 250  # messages whose headers are fetched at once
FIELDS = (
    "FROM TO SUBJECT DATE MESSAGE-ID IN-REPLY-TO REFERENCES X-MICROSOFT-ORIGINAL-MESSAGE-ID"
    " AUTO-SUBMITTED CONTENT-TYPE X-FAILED-RECIPIENTS"
)
HEADERS = f"BODY.PEEK[HEADER.FIELDS ({FIELDS})]"
FAILURES = (HostProblem, OSError, ssl.SSLError, imaplib.IMAP4.error, IMAPClientError)
BACKOFF = re.compile(r"Suggested Backoff Time: (\d+) milliseconds")
THROTTLED = re.compile(
    r"THROTTLED|OVERQUOTA|Too many simultaneous|exceeded command or bandwidth", re.IGNORECASE
)
NOT_SIGNED_IN = re.compile(
    r"authenticated but not connected|AUTHENTICATIONFAILED|LOGIN failed", re.IGNORECASE
)
NAMES = {
    "junk": {"junk", "spam", "junk e-mail", "junk email", "bulk mail", "unerwünscht", "indésirables"},
    "sent": {"sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete elemente", "envoyés"},
}


class ImapError(Exception):
    """The mailbox cannot be read now; `str()` is a sentence with the server's words."""


class AuthRefused(ImapError):
    """The sign-in does not work until a person acts."""


class Throttled(ImapError):
    """The server asks for a pause of `seconds`."""

    def __init__(self, words: str, seconds: float) -> None:
        super().__init__(words)
        self.seconds = seconds


class Unreachable(ImapError):
    """No conversation came about, or it broke."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The sign-in works."""

    greeting: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why it does not, with the server's own words."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and what it is for: `inbox`, `junk` or `sent`."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The folder's UIDVALIDITY and the UID that the next message will have."""

    uidvalidity: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Headers:
    """A message's size and the fields by which it is matched, as they came."""

    uid: int
    size: int
    fields: bytes


class Wire(imaplib.IMAP4):
    """imaplib's protocol on an address that the guard has judged."""

    def __init__(self, account: Account) -> None:
        self.account = account
        super().__init__(account.host, account.port)

    def _create_socket(self, timeout: float | None) -> Any:
        sock = dial(self.account)
        sock.settimeout(self.account.patience.answer)
        return sock


class Client(IMAPClient):
    """IMAPClient on our wire."""

    def __init__(self, account: Account) -> None:
        self.account = account
        super().__init__(account.host, account.port, ssl=False, timeout=account.patience.answer)

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - IMAPClient's name
        return Wire(self.account)


class Session:
    """One signed-in conversation. Raises `AuthRefused`, `Throttled` or `Unreachable`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __enter__(self) -> Self:
        with _in_words():
            self._client = Client(self._account)
            if self._account.security is Security.STARTTLS:
                self._client.starttls(ssl.create_default_context())
            self._sign_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._client.logout()
        except FAILURES:
            self._client.shutdown()

    def _sign_in(self) -> None:
        account = self._account
        if account.auth is Auth.XOAUTH2:
            self._client.oauth2_login(account.username, account.secret.reveal())
        else:
            self._client.login(account.username, account.secret.reveal())

    @property
    def greeting(self) -> str:
        return bytes(self._client.welcome or b"").decode("ascii", "replace")[:200]

    def places(self) -> list[Place]:
        """INBOX, and the folders for junk and for sent mail, by SPECIAL-USE (RFC 6154) or else by name."""
        found = {"inbox": Place("INBOX", "inbox")}
        with _in_words():
            listed = self._client.list_folders()
        for flags, _, name in listed:
            uses = {bytes(flag).lower() for flag in flags}
            for role in ("junk", "sent"):
                if b"\\" + role.encode() in uses:
                    found[role] = Place(name, role)
        for _, delimiter, name in listed:
            last = name.rsplit((delimiter or b"/").decode(), 1)[-1].lower()
            for role, names in NAMES.items():
                if role not in found and last in names:
                    found[role] = Place(name, role)
        return list(found.values())

    def open(self, name: str) -> Standing:
        """EXAMINE the folder: read-only."""
        with _in_words():
            answer = self._client.select_folder(name, readonly=True)
        return Standing(int(answer.get(b"UIDVALIDITY", 0)), int(answer.get(b"UIDNEXT", 0)))

    def new(self, after: int, *, since: date | None = None) -> list[int]:
        """UIDs above `after`, ascending. Servers answer `n:*` with the last message even when it is older."""
        criteria: list[Any] = ["UID", f"{after + 1}:*"]
        if since is not None:
            criteria += ["SINCE", since]
        with _in_words():
            return sorted(uid for uid in self._client.search(criteria) if uid > after)

    def headers(self, uids: list[int]) -> Iterator[list[Headers]]:
        """The matching fields of the messages, in batches; an expunged one is left out."""
        for start in range(0, len(uids), BATCH):
            with _in_words():
                found = self._client.fetch(uids[start : start + BATCH], [HEADERS, "RFC822.SIZE"])
            yield [
                Headers(uid, int(data[b"RFC822.SIZE"]), _fields(data)) for uid, data in sorted(found.items())
            ]

    def body(self, uid: int, limit: int) -> bytes | None:
        """The message's first `limit` bytes, or None when it has gone meanwhile."""
        with _in_words():
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{limit}>"])
        for data in found.values():
            for key, value in data.items():
                if bytes(key).startswith(b"BODY[]"):
                    return bytes(value)
        return None

    def find(self, header: str, value: str) -> list[int]:
        """UIDs in the open folder whose header holds the value."""
        with _in_words():
            return list(self._client.search(["HEADER", header, value]))


def _fields(data: dict[bytes, Any]) -> bytes:
    return next((bytes(value) for key, value in data.items() if bytes(key).startswith(b"BODY[HEADER")), b"")


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what the library raises into one of our three."""
    try:
        yield
    except LoginError as error:
        raise AuthRefused(_words(error)) from None
    except FAILURES as error:
        text = _words(error)
        if asked := BACKOFF.search(text):
            raise Throttled(text, int(asked[1]) / 1000) from None
        if THROTTLED.search(text):
            raise Throttled(text, 900.0) from None
        if NOT_SIGNED_IN.search(text):
            raise AuthRefused(text) from None
        raise Unreachable(text) from None


def _words(error: BaseException) -> str:
    text = error.args[0] if error.args and isinstance(error.args[0], (str, bytes)) else str(error)
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(plain.split())[:300] or type(error).__name__


def check(account: Account) -> Checked | Problem:
    """Sign in, look at INBOX, leave."""
    try:
        with Session(account) as session:
            session.open("INBOX")
            return Checked(session.greeting)
    except ImapError as error:
        return Problem(f"{account.host} says: {error}")
