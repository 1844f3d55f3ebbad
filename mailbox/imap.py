"""Reading a mailbox by IMAP without leaving a trace in it: EXAMINE and BODY.PEEK only.

Nothing is moved, deleted or marked as read. A session belongs to one thread, lives for one visit, and raises
MailboxTrouble: AuthRefused, Unreachable, Throttled, FolderGone or NotDone.

    with connect(account) as session:
        for folder in session.folders():
            state = session.state(folder)
            for rows in session.header_batches(session.new_uids(last_uid)):  # commit last_uid with each
                body = session.body(uid, 262_144)   # only where a row belongs to one of our threads
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from types import TracebackType
from typing import Any, Self

from imapclient.imap_utf7 import encode as encode_utf7

from mailbox.account import Account
from mailbox.folders import Folder, Role, chosen
from mailbox.imap_folders import State as State
from mailbox.imap_folders import listed, status_rows
from mailbox.imap_rows import (
    FIELDS,
    PORTION,
    Piece,
    batches,
    contents_of,
    header_rows,
    is_copy,
    message_of,
    portions,
)
from mailbox.imap_rows import HeaderRow as HeaderRow
from mailbox.imap_wire import LONGEST_ANSWER, Client, opened, spoken
from mailbox.trouble import FolderGone, MailboxTrouble, NotDone, pause_of

BATCH = 5_000
FIRST = 1_000  # nothing else is done while the first batch is on its way
IDLE_LIMIT = 28 * 60  # RFC 2177: servers may hang up after 30 minutes
LATEST_SENT = 100


@dataclass(frozen=True)
class Body:
    """A message's bytes, or their beginning."""

    content: bytes
    is_whole: bool


@dataclass
class Asked:
    """A FETCH that was sent; what came of it, if that had to be read before it was wanted."""

    uids: Sequence[int]
    items: str
    tag: bytes
    pieces: list[Piece] | None = None


@dataclass(frozen=True)
class Found:
    """A copy in Sent, with the Message-ID that it has there; some servers replace ours."""

    uid: int
    message_id: str


def connect(account: Account) -> "Session":
    """Sign in. Raises MailboxTrouble."""
    return Session(account, opened(account))


class Session:
    """One signed-in connection; `with` signs out."""

    def __init__(self, account: Account, client: Client) -> None:
        self.account = account
        self.client = client
        self.known_folders: list[Folder] | None = None
        self.slow_until: datetime | None = None
        self.ahead: Asked | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.sign_out()
        self.client.wire.shutdown()

    def close(self) -> None:
        self.sign_out()
        self.client.wire.shutdown()

    @contextmanager
    def closing_on_error(self) -> Iterator[None]:
        """For a session that may outlive its visit."""
        try:
            yield
        except BaseException:
            self.client.wire.shutdown()
            raise

    @contextmanager
    def command(self, octets: int = LONGEST_ANSWER) -> Iterator[None]:
        """A fresh allowance, errors in words; a slow-down that rides on an OK (Gmail) is remembered."""
        self.client.allow(octets)
        with spoken(self.account):
            yield
        if "THROTTLED" in self.client.wire.untagged_responses:
            del self.client.wire.untagged_responses["THROTTLED"]
            self.slow_until = datetime.now(UTC) + (pause_of("[THROTTLED]") or timedelta())

    def folders(self) -> list[Folder]:
        """INBOX, junk and sent, as far as they exist."""
        if self.known_folders is None:
            with self.command():
                self.client.folder_encode = False
                rows = self.client.list_folders()
                self.client.folder_encode = True
            self.known_folders = chosen(listed(rows))
        return self.known_folders

    def folder(self, role: Role) -> Folder | None:
        return next((folder for folder in self.folders() if folder.role is role), None)

    def state(self, folder: Folder) -> State:
        """Open the folder read-only. Raises FolderGone if it is not there any more."""
        try:
            with self.command():
                answer = self.client.select_folder(folder.name, readonly=True)
        except NotDone as error:
            raise FolderGone(f"The folder {folder.name} cannot be opened. {error}") from error
        return State(answer.get(b"UIDVALIDITY", 0), answer.get(b"UIDNEXT"))

    def new_uids(self, last_uid: int) -> list[int]:
        """The open folder's UIDs above `last_uid`; `n:*` alone always brings the last message too."""
        return [uid for uid in self.search(f"UID {last_uid + 1}:*") if uid > last_uid]

    def uids_since(self, day: date) -> list[int]:
        """The UIDs of what arrived on that day or later: where a first visit begins."""
        return self.search(["SINCE", day])

    def search(self, criteria: str | list[Any]) -> list[int]:
        with self.command():
            return sorted(set(self.client.search(criteria)))

    def headers(self, uids: Sequence[int]) -> list[HeaderRow]:
        """The rows of the messages that still exist."""
        return [row for rows in self.header_batches(uids) for row in rows]

    def header_batches(self, uids: Sequence[int], names: Sequence[str] = FIELDS) -> Iterator[list[HeaderRow]]:
        """The rows of the messages that still exist, batch by batch.

        The server is asked for the next batch before the caller works on this one, so that neither waits.
        """
        items = f"(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(names)})])"
        waiting = [*batches(uids[:FIRST], FIRST), *batches(uids[FIRST:], BATCH)]
        asked = self.in_turn(waiting[0], items) if waiting else None
        for batch, following in zip_longest(waiting, waiting[1:]):
            pieces = self.answer(asked) if asked else []
            asked = self.ahead = self.ask(following, items) if following else None
            with spoken(self.account):
                rows = list(header_rows(pieces, set(batch)))
            yield rows

    def rows(self, uids: Sequence[int], names: Sequence[str]) -> list[HeaderRow]:
        return [row for rows in self.header_batches(uids, names) for row in rows]

    def body(self, uid: int, limit: int) -> Body | None:
        """The first `limit` bytes of a message, whatever its size; None if it was deleted meanwhile."""
        pieces = self.fetch([uid], f"(UID RFC822.SIZE BODY.PEEK[]<0.{limit}>)", 2 * limit + 65_536)
        with spoken(self.account):
            size, content = message_of(pieces, uid)
        if not content:  # no message is empty: Dovecot says "" for what is gone
            return None
        return Body(content, len(content) < limit or size == limit)

    def bodies(self, rows: Sequence[HeaderRow], limit: int) -> dict[int, bytes]:
        """The first `limit` bytes of each message that still exists, by UID; some megabytes a command."""
        found: dict[int, bytes] = {}
        for group in portions(rows, limit):
            wanted = [row.uid for row in group]
            pieces = self.fetch(wanted, f"(UID RFC822.SIZE BODY.PEEK[]<0.{limit}>)", 2 * PORTION + limit)
            with spoken(self.account):
                found |= {uid: content for uid, content in contents_of(pieces).items() if uid in set(wanted)}
        return found

    def statuses(self, names: Sequence[str]) -> dict[str, State] | None:
        """What each of these folders has come to, in one command (RFC 5819); None where that is not offered.

        A name that is missing in the answer is gone.
        """
        with self.command():
            if not self.client.has_capability("LIST-STATUS"):
                return None
            return status_rows(self.client.wire.list_statuses([encode_utf7(name) for name in names]), names)

    def fetch(self, uids: Sequence[int], items: str, octets: int = LONGEST_ANSWER) -> list[Piece]:
        return self.answer(self.in_turn(uids, items), octets) if uids else []

    def in_turn(self, uids: Sequence[int], items: str) -> Asked:
        """Ask after what was asked ahead has been read, which is kept for whoever asked it."""
        if self.ahead is not None and self.ahead.pieces is None:
            self.ahead.pieces = self.answer(self.ahead)
        return self.ask(uids, items)

    def ask(self, uids: Sequence[int], items: str) -> Asked:
        with self.command():
            return Asked(uids, items, self.client.wire.begin_fetch(uids, items))

    def answer(self, asked: Asked, octets: int = LONGEST_ANSWER) -> list[Piece]:
        """Some servers refuse a FETCH whose messages another client has just deleted: then once more."""
        if asked.pieces is not None:
            return asked.pieces
        try:
            with self.command(octets):
                return self.client.wire.end_fetch(asked.tag)
        except NotDone:
            with self.command(octets):
                self.client.noop()
                return self.client.wire.end_fetch(self.client.wire.begin_fetch(asked.uids, asked.items))

    def find_in_sent(self, message_id: str, paitho_id: str) -> list[Found]:
        """Copies of one of our messages in Sent, also where the server gave it another Message-ID.

        Not every server searches headers that it does not know: the latest messages are looked through last.
        """
        sent = self.folder(Role.SENT)
        if sent is None or not f"{message_id}{paitho_id}".isprintable():
            return []
        latest = max(1, (self.state(sent).uidnext or 1) - LATEST_SENT)
        by_header = (["HEADER", "Message-ID", message_id], ["HEADER", "X-Paitho-Id", paitho_id])
        for criteria in (*by_header, f"UID {latest}:*"):
            with suppress(NotDone):
                rows = self.rows(self.search(criteria)[-LATEST_SENT:], ("MESSAGE-ID", "X-PAITHO-ID"))
                ours = [row for row in rows if is_copy(row, message_id, paitho_id)]
                if ours:
                    return [Found(row.uid, row.fields.get("MESSAGE-ID", "")) for row in ours]
        return []

    def append_to_sent(self, message: bytes, at: datetime) -> bool:
        """Put our own copy into Sent, as read, the way mail programs do; False if there is no such folder."""
        sent = self.folder(Role.SENT)
        if sent is None:
            return False
        with self.command():
            self.client.append(sent.name, message, flags=[b"\\Seen"], msg_time=at)
        return True

    def idle(self, seconds: float) -> bool:
        """Wait for new mail in the open folder; True as soon as it comes, False at once without IDLE."""
        with self.command():
            if not self.client.has_capability("IDLE"):
                return False
            return self.client.wire.await_news(min(seconds, IDLE_LIMIT))

    def can_wait(self) -> bool:
        with self.command():
            return bool(self.client.has_capability("IDLE"))

    def begin_waiting(self, last_uid: int) -> bool:
        """Open the inbox and let the server tell what is new; True if `last_uid` is not the last one."""
        state = self.state(Folder("INBOX", Role.INBOX))
        with self.command():
            told = self.client.wire.begin_idle()
        return told or (state.uidnext or 0) - 1 > last_uid

    def overhear(self) -> bool:
        """What the server has told meanwhile, without waiting for it; True for news."""
        with spoken(self.account):
            return self.client.wire.overhear()

    def wait_again(self) -> bool:
        """IDLE anew, before the server thinks that we are gone; True if there was news."""
        with self.command():
            told = self.client.wire.end_idle()
            return self.client.wire.begin_idle() or told

    def sign_out(self) -> None:
        with suppress(MailboxTrouble), spoken(self.account):
            self.client.wire.stream.allow(2.0, 65_536)
            self.client.logout()
