"""Reading a mailbox for the first time and later, next to mbsync."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from bench.mail_world import a_box, answer, sent_mail, stranger, timed

MBSYNC = """
FSync no

IMAPAccount bench
Host 127.0.0.1
Port {port}
User {user}
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bench

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull New
SyncState *
"""


def reading(options: argparse.Namespace, dovecot) -> dict[str, float]:
    from mailbox.models import Direction, Folder, Mailbox, Message
    from mailbox.syncing import sync_mailbox
    from tenants.binding import bound
    from tests.world import make_workspace

    workspace = make_workspace("reading")
    ours = options.messages // 100
    with bound(workspace):
        mailbox = a_box("reading@acme.test", dovecot)
        ids = sent_mail(mailbox, ours)
        step = options.messages // max(ours, 1)
        mails = [
            answer(n, ids[n // step]) if n % step == 0 and n // step < ours else stranger(n)
            for n in range(options.messages)
        ]
        dovecot.deliver("reading@acme.test", mails)
        firsts, theirs, later, later_theirs, idle, commands = [], [], [], [], [], 0
        for turn in range(options.rounds + 1):  # the first turn warms Dovecot's caches, for both
            Message.objects.filter(direction=Direction.IN).delete()
            Folder.objects.all().delete()
            Mailbox.objects.update(synced_at=None)
            took, stored = timed(lambda: sync_mailbox(Mailbox.objects.get()))
            assert stored >= ours, (stored, ours)
            with mbsync(dovecot, "reading@acme.test") as fetch:
                took_theirs, _ = timed(fetch)
                new = [stranger(10**6 + turn * 1000 + n) for n in range(98)]
                new += [answer(10**6 + turn, ids[0]), answer(10**6 + turn, ids[-1])]
                dovecot.deliver("reading@acme.test", new)
                with counted() as sent:
                    took_later, stored = timed(lambda: sync_mailbox(Mailbox.objects.get()))
                assert stored == 2, stored
                took_later_theirs, _ = timed(fetch)
            took_idle, _ = timed(lambda: sync_mailbox(Mailbox.objects.get()))
            if turn:
                firsts.append(took), theirs.append(took_theirs), later.append(took_later)
                later_theirs.append(took_later_theirs), idle.append(took_idle)
                commands = len(sent)
    first, other = statistics.median(firsts), statistics.median(theirs)
    print(f"first visit, {options.messages} messages: {first:.2f} s; mbsync {other:.2f} s", flush=True)
    print(f"later visit, 100 new: {1000 * statistics.median(later):.0f} ms in {commands} commands;", end=" ")
    print(f"mbsync {1000 * statistics.median(later_theirs):.0f} ms; nothing new: ", end="")
    print(f"{1000 * statistics.median(idle):.0f} ms", flush=True)
    return {
        "first_sync_s": round(first, 3),
        "mbsync_s": round(other, 3),
        "incremental_ms": round(1000 * statistics.median(later), 1),
        "incremental_commands": commands,
    }


@contextmanager
def mbsync(dovecot, user: str):
    program = shutil.which("mbsync")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        Path(folder, "rc").write_text(MBSYNC.format(port=dovecot.port, user=user, folder=folder))
        command = [program, "-q", "-c", str(Path(folder, "rc")), "all"]
        yield lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=600)


@contextmanager
def counted():
    """The commands that are sent to IMAP servers meanwhile."""
    from mailbox.imap_wire import Wire

    plain, sent = Wire._command, []  # noqa: SLF001  imaplib's one way out

    def command(wire, name, *words):
        sent.append(name)
        return plain(wire, name, *words)

    Wire._command = command  # noqa: SLF001
    try:
        yield sent
    finally:
        Wire._command = plain  # noqa: SLF001
