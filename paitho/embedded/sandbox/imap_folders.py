"""The sandbox's folders as pymap wants to see them.

pymap's maildir backend was measured and left: with 1,000 messages one SEARCH took 7 seconds (it reads its
UID list again for each message), UIDs followed no order, line ends became bare LF, and no folder had a
special use.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC

from pymap.backend.mailbox import MailboxDataInterface, MailboxSetInterface
from pymap.concurrent import Event
from pymap.context import subsystem
from pymap.exceptions import NotAllowedError
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.listtree import ListTree
from pymap.mailbox import MailboxSnapshot
from pymap.message import BaseLoadedMessage, BaseMessage
from pymap.mime import MessageContent
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement, ObjectId
from pymap.parsing.specials.flag import Answered, Deleted, Draft, Flag, Flagged, Seen
from pymap.selected import SelectedMailbox, SelectedSet

from .store import Entry, Folder, Mailboxes

LETTERS = {Answered: "R", Deleted: "T", Draft: "D", Flagged: "F", Seen: "S"}


def letters(flags: Iterable[Flag]) -> str:
    return "".join(sorted(LETTERS[flag] for flag in flags if flag in LETTERS))


def flags_of(entry: Entry) -> frozenset[Flag]:
    return frozenset(flag for flag, letter in LETTERS.items() if letter in entry.flags)


class StoredMessage(BaseMessage):
    """A message whose bytes are read from its file when a command needs them."""

    def __init__(self, entry: Entry, folder: Folder, *, expunged: bool = False) -> None:
        super().__init__(entry.uid, entry.at, flags_of(entry), expunged=expunged)
        self.entry = entry
        self.folder = folder

    async def load_content(self, requirement: FetchRequirement) -> BaseLoadedMessage:
        wanted = not requirement.has_none(FetchRequirement.CONTENT) and self.uid in self.folder.entries
        content = MessageContent.parse(self.folder.read(self.uid)) if wanted else None
        return BaseLoadedMessage(self, requirement, content)

    @classmethod
    def copy_expunged(cls, msg: CachedMessage) -> "StoredMessage":
        if not isinstance(msg, cls):
            raise TypeError(msg)
        return cls(msg.entry, msg.folder, expunged=True)


class OpenFolder(MailboxDataInterface[StoredMessage]):
    """One folder as every session that has it open shares it."""

    def __init__(self, folder: Folder, mailbox_id: str) -> None:
        self.folder = folder
        self.version = 0
        self.changed = subsystem.get().new_event()
        self.sessions = SelectedSet()
        self.id = ObjectId(mailbox_id.encode())
        folder.watchers.append(lambda _uid: self.touch())

    def touch(self) -> None:
        """Wake the sessions that idle here."""
        self.version += 1
        before, self.changed = self.changed, subsystem.get().new_event()
        before.set()

    @property
    def mailbox_id(self) -> ObjectId:
        return self.id

    @property
    def readonly(self) -> bool:
        return False

    @property
    def uid_validity(self) -> int:
        return self.folder.state["validity"]

    @property
    def permanent_flags(self) -> frozenset[Flag]:
        return frozenset(LETTERS)

    @property
    def selected_set(self) -> SelectedSet:
        return self.sessions

    def message(self, uid: int) -> StoredMessage:
        return StoredMessage(self.folder.entries[uid], self.folder)

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        if wait_on is not None and selected.mod_sequence == self.version:
            await wait_on.or_event(self.changed).wait()
        if selected.mod_sequence != self.version:
            selected.mod_sequence = self.version
            selected.set_messages([self.message(uid) for uid in self.folder.entries])
        return selected

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> StoredMessage:
        when = append_msg.when.astimezone(UTC) if append_msg.when else None
        entry = self.folder.add(bytes(append_msg.literal), at=when, flags=letters(append_msg.flag_set))
        return StoredMessage(entry, self.folder)

    async def copy(self, uid: int, destination: "OpenFolder", *, recent: bool = False) -> int | None:
        entry = self.folder.entries.get(uid)
        if entry is None:
            return None
        return destination.folder.add(self.folder.read(uid), at=entry.at, flags=entry.flags).uid

    async def move(self, uid: int, destination: "OpenFolder", *, recent: bool = False) -> int | None:
        moved = await self.copy(uid, destination, recent=recent)
        if moved is not None:
            await self.delete([uid])
        return moved

    async def get(self, uid: int, cached_msg: CachedMessage) -> StoredMessage:
        if uid not in self.folder.entries:
            return StoredMessage.copy_expunged(cached_msg)
        return self.message(uid)

    async def update(
        self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp
    ) -> StoredMessage:
        if uid not in self.folder.entries:
            return StoredMessage.copy_expunged(cached_msg)
        before = flags_of(self.folder.entries[uid])
        self.folder.flag(uid, letters(mode.apply(before, flag_set)))
        self.touch()
        return self.message(uid)

    async def delete(self, uids: Iterable[int]) -> None:
        for uid in uids:
            if uid in self.folder.entries:
                self.folder.remove(uid)
        self.touch()

    async def claim_recent(self, selected: SelectedMailbox) -> None:
        """Nothing is \\Recent here; RFC 9051 dropped the flag."""

    async def cleanup(self) -> None:
        """Files need no housekeeping."""

    async def snapshot(self) -> MailboxSnapshot:
        entries = self.folder.entries
        unseen = [number for number, entry in enumerate(entries.values(), 1) if "S" not in entry.flags]
        return MailboxSnapshot(
            self.mailbox_id,
            self.readonly,
            self.uid_validity,
            self.permanent_flags,
            self.session_flags,
            len(entries),
            0,
            len(unseen),
            unseen[0] if unseen else None,
            self.folder.state["next"],
        )


class AccountFolders(MailboxSetInterface[OpenFolder]):
    """The folders of one account."""

    def __init__(self, address: str, mailboxes: Mailboxes) -> None:
        self.address = address
        self.mailboxes = mailboxes
        self.opened: dict[str, OpenFolder] = {}

    @property
    def delimiter(self) -> str:
        return "/"

    async def set_subscribed(self, name: str, subscribed: bool) -> None:
        """Every folder is subscribed."""

    async def list_subscribed(self) -> ListTree:
        return await self.list_mailboxes()

    async def list_mailboxes(self) -> ListTree:
        return ListTree(self.delimiter).update(*self.mailboxes.names(self.address))

    async def get_mailbox(self, name: str) -> OpenFolder:
        name = "INBOX" if name.upper() == "INBOX" else name
        if name not in self.mailboxes.names(self.address):
            raise KeyError(name)
        if name not in self.opened:
            key = hashlib.sha256(f"{self.address}/{name}".encode()).hexdigest()[:32]
            self.opened[name] = OpenFolder(self.mailboxes.folder(self.address, name), f"F{key}")
        return self.opened[name]

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self.mailboxes.names(self.address):
            raise ValueError(name)
        self.mailboxes.folder(self.address, name)
        return (await self.get_mailbox(name)).mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        raise NotAllowedError("The sandbox keeps its folders.")

    async def rename_mailbox(self, before: str, after: str) -> None:
        raise NotAllowedError("The sandbox keeps its folders.")
