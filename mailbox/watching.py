"""Waiting in active mailboxes (IDLE), many by one thread of a worker: who has news is read at once.

    read --> handed over --> EXAMINE INBOX, IDLE --+--> news ------> read at the next slice; waits on
                                                   +--> 25 minutes -> DONE, IDLE again (RFC 2177: before 29)
                                                   +--> line dead --> forgotten; the poll finds it
A mailbox that is waited in says so in its row, for a short time that is renewed: if this process dies, the
poll (`mailbox.syncing`) is back after that time. IDLE only makes things faster; nothing depends on it.
"""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import Error
from django.utils import timezone

from mailbox.folders import Role
from mailbox.imap import Session
from mailbox.models import Mailbox
from mailbox.news import ask_to_read
from mailbox.trouble import MailboxTrouble
from tenants.binding import bound, close_sessions, current
from tenants.workspace import WorkspaceRef

MOST = 400  # lines that one process holds
REISSUE = 25 * 60.0
LEASE = timedelta(minutes=3)
RENEW = 60.0
TURN = 1.0  # seconds at most until a stop, a renewal or a re-issue is noticed
DEBOUNCE = 0.3  # a burst of new mail is one piece of news
DEAF = (MailboxTrouble, OSError, ValueError)


@dataclass(eq=False)
class Waiting:
    """One line that waits, and whose it is."""

    workspace: WorkspaceRef
    mailbox: UUID
    session: Session
    since: float = field(default_factory=time.monotonic)


class Watch:
    """The waiting lines of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: dict[UUID, Waiting] = {}
        self.news: dict[UUID, tuple[Waiting, float]] = {}
        self.selector = selectors.DefaultSelector()
        self.thread: threading.Thread | None = None
        self.is_over = False

    def adopt(self, mailbox: Mailbox, session: Session) -> bool:
        """Wait in this mailbox from now on; False if somebody does already, or it cannot be done."""
        if self.is_over or mailbox.pk in self.lines or len(self.lines) >= MOST:
            return False
        now = timezone.now()
        free = Mailbox.objects.filter(pk=mailbox.pk).exclude(watched_until__gt=now)
        if not session.can_wait() or not free.update(watched_until=now + LEASE):
            return False
        read = mailbox.folders.filter(role=Role.INBOX).values_list("last_uid", flat=True).first()
        has_news = session.begin_waiting(read or 0)  # what came since it was read would not be told
        line = Waiting(current(), mailbox.pk, session)
        with self.lock:
            self.lines[mailbox.pk] = line
            self.selector.register(session.client.wire.sock, selectors.EVENT_READ, line)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.run, name="mailbox-watch", daemon=True)
                self.thread.start()
        if has_news:
            ask_to_read(mailbox)
        return True

    def run(self) -> None:
        """Until nothing is waited for any more."""
        renewed = time.monotonic()
        try:
            while not self.is_over:
                wait = DEBOUNCE if self.news else TURN
                for key, _ in self.selector.select(wait):
                    self.overhear(key.data)
                self.tell()
                self.reissue()
                if time.monotonic() - renewed > RENEW:
                    renewed = time.monotonic()
                    self.renew()
        finally:
            close_sessions()

    def overhear(self, line: Waiting) -> None:
        try:
            if line.session.overhear():
                self.news.setdefault(line.mailbox, (line, time.monotonic()))
        except DEAF:
            self.forget(line)
            self.news[line.mailbox] = (line, 0.0)  # what was missed is found by reading

    def tell(self) -> None:
        """Ring for the mailboxes whose news has come to rest."""
        now = time.monotonic()
        for uid, (line, since) in list(self.news.items()):
            if now - since < DEBOUNCE:
                continue
            del self.news[uid]
            with suppress(Error), bound(line.workspace):  # a database that is away: the poll finds it
                found = Mailbox.objects.filter(pk=line.mailbox).first()
                if found is not None:
                    ask_to_read(found)

    def reissue(self) -> None:
        """One line at a time, so that a server that is slow to answer holds up the others but once."""
        oldest = min(self.lines.values(), key=lambda line: line.since, default=None)
        if oldest is None or time.monotonic() - oldest.since < REISSUE:
            return
        try:
            oldest.since = time.monotonic()
            if oldest.session.wait_again():
                self.news.setdefault(oldest.mailbox, (oldest, time.monotonic()))
        except DEAF:
            self.forget(oldest)

    def renew(self) -> None:
        """Say that we are still there; a mailbox that was taken away is left."""
        by_workspace: dict[UUID, list[Waiting]] = {}
        for line in list(self.lines.values()):
            by_workspace.setdefault(line.workspace.id, []).append(line)
        for lines in by_workspace.values():
            with suppress(Error), bound(lines[0].workspace):
                self.renew_in(lines)

    def renew_in(self, lines: list[Waiting]) -> None:
        ours = Mailbox.objects.filter(pk__in=[line.mailbox for line in lines]).exclude(health="broken")
        ours.update(watched_until=timezone.now() + LEASE)
        left = set(ours.values_list("pk", flat=True))
        for line in lines:
            if line.mailbox not in left:
                self.forget(line)

    def forget(self, line: Waiting) -> None:
        with self.lock:
            self.lines.pop(line.mailbox, None)
            with suppress(KeyError, ValueError):
                self.selector.unregister(line.session.client.wire.sock)
        line.session.client.wire.shutdown()
        with suppress(Error), bound(line.workspace):
            Mailbox.objects.filter(pk=line.mailbox).update(watched_until=None)

    def stop(self) -> None:
        """End the thread and hang up everywhere."""
        self.is_over = True
        if self.thread is not None:
            self.thread.join(10)
        for line in list(self.lines.values()):
            line.session.client.wire.shutdown()
        self.lines.clear()
        self.selector.close()

    def mailboxes(self) -> Iterable[UUID]:
        return list(self.lines)


WATCH = Watch()
