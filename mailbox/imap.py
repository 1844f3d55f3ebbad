"""Reading a mailbox by IMAP without leaving a trace in it: EXAMINE and BODY.PEEK only.

Nothing is moved, deleted or marked as read. A session belongs to one thread, lives for one visit, and raises
MailboxTrouble: AuthRefused, Unreachable, Throttled, FolderGone or NotDone.

    with connect(account) as session:
        for folder in session.folders():
            state = session.state(folder)
            for uids in batches(session.new_uids(last_uid)):
                rows = session.headers(uids)        # commit last_uid with each batch
                body = session.body(uid, 262_144)   # only where a row belongs to one of our threads
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, NamedTuple, Self

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7

from mailbox.account import Account
from mailbox.folders import Folder, Listed, Role, chosen
from mailbox.imap_rows import FIELDS, Piece, contents_of, header_rows, message_of
from mailbox.imap_rows import HeaderRow as HeaderRow
from mailbox.imap_wire import LONGEST_ANSWER, Client, opened, spoken
from mailbox.trouble import FolderGone, MailboxTrouble, NotDone, pause_of

BATCH = 500
IDLE_LIMIT = 28 * 60  # RFC 2177: servers may hang up after 30 minutes
LATEST_SENT = 100
PORTION = 4 * 1024 * 1024  # bytes of bodies that one command brings
STATUS_ITEM = re.compile(rb"([A-Za-z]+) ([0-9]{1,20})")


class State(NamedTuple):
    """A folder's identity and the UID that its next message gets; None where the server does not say."""

    uidvalidity: int
    uidnext: int | None


@dataclass(frozen=True)
class Body:
    """A message's bytes, or their beginning."""

    content: bytes
    is_whole: bool


@dataclass(frozen=True)
class Found:
    """A copy in Sent, with the Message-ID that it has there; some servers replace ours."""

    uid: int
    message_id: str


def connect(account: Account) -> "Session":
    """Sign in. Raises MailboxTrouble."""
    return Session(account, opened(account))


def batches(uids: Sequence[int], size: int = BATCH) -> Iterator[Sequence[int]]:
    """UIDs in portions whose command stays below 8 kB."""
    return (uids[begin : begin + size] for begin in range(0, len(uids), size))


class Session:
    """One signed-in connection; `with` signs out."""

    def __init__(self, account: Account, client: Client) -> None:
        self.account = account
        self.client = client
        self.known_folders: list[Folder] | None = None
        self.slow_until: datetime | None = None

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
        return [row for batch in batches(uids) for row in self.rows(batch, FIELDS)]

    def rows(self, uids: Sequence[int], names: Sequence[str]) -> list[HeaderRow]:
        pieces = self.fetch(uids, f"(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(names)})])")
        with spoken(self.account):
            return list(header_rows(pieces, set(uids)))

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
        """Some servers refuse a FETCH whose messages another client has just deleted: then once more."""
        if not uids:
            return []
        try:
            with self.command(octets):
                return self.client.wire.fetch_pieces(uids, items)
        except NotDone:
            with self.command(octets):
                self.client.noop()
                return self.client.wire.fetch_pieces(uids, items)

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


def portions(rows: Sequence[HeaderRow], limit: int) -> Iterator[list[HeaderRow]]:
    """Rows in groups whose bodies, cut to the limit, are read with one command."""
    group: list[HeaderRow] = []
    octets = 0
    for row in rows:
        size = min(row.size, limit)
        if group and (octets + size > PORTION or len(group) >= BATCH):
            yield group
            group, octets = [], 0
        group.append(row)
        octets += size
    if group:
        yield group


def status_rows(lines: Iterable[tuple[bytes, bytes]], names: Sequence[str]) -> dict[str, State]:
    """(name, items) of STATUS answers as states of the folders that were asked for."""
    wanted = {encode_utf7(name): name for name in names}
    found: dict[str, State] = {}
    for raw, items in lines:
        numbers = {key.upper(): int(value) for key, value in STATUS_ITEM.findall(items)}
        name = wanted.get(raw) or ("INBOX" if raw.upper() == b"INBOX" and "INBOX" in names else None)
        if name is not None and b"UIDVALIDITY" in numbers:
            found[name] = State(numbers[b"UIDVALIDITY"], numbers.get(b"UIDNEXT"))
    return found


def listed(rows: Iterable[tuple[Sequence[bytes], bytes | None, bytes | str]]) -> Iterator[Listed]:
    """Rows whose names can be written back as they came; a name in a broken encoding is passed over."""
    for flags, delimiter, raw in rows:
        name = raw if isinstance(raw, str) else plain_name(raw)
        if name is not None:
            lowered = frozenset(flag.decode("ascii", "replace").lower() for flag in flags)
            yield Listed(name, (delimiter or b"").decode("ascii", "replace"), lowered)


def plain_name(raw: bytes) -> str | None:
    try:
        name: str = decode_utf7(raw)
    except (ValueError, LookupError):
        return None
    return name if encode_utf7(name) == raw else None


def is_copy(row: HeaderRow, message_id: str, paitho_id: str) -> bool:
    """Searches by header match parts of words on some servers."""
    return row.fields.get("MESSAGE-ID") == message_id or row.fields.get("X-PAITHO-ID") == paitho_id
