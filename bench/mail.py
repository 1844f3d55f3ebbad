"""The mail engine next to what everybody knows: mbsync for reading, smtplib for sending.

    uv run python -m bench.mail [--messages 20000] [--mailboxes 200] [--sends 60] [--rounds 3] [--replies 300]

Reading: a first visit to a mailbox of so many messages, of which 1 in 100 answers our mail (header fields of
all, bodies of those, everything stored), and a later visit with 100 new ones; mbsync fetches the same mailbox
from the same Dovecot into memory. Lag: one real worker and beat, replies laid into random mailboxes, until
each is a row. Sending: through one connection to a server 40 ms away (a mailbox's provider is never nearer),
claim and settlement included, against bare smtplib with the same messages. Rounds are interleaved; medians.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests import environment
from tests.servers.dovecot import running_dovecot
from tests.servers.ports import free_port, wait_for

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
FILLER = ("All work and no play makes a mailbox dull. " * 2 + "\r\n") * 50


def main() -> int:
    options = parse()
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    servers = environment.start_servers()
    import django

    django.setup()
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)
    result: dict[str, float | None] = {}
    with running_dovecot(settings="mailbox_idle_check_interval = 2s\n") as dovecot:
        result |= reading(options, dovecot)
        result |= lag(options, dovecot)
    result |= sending(options, servers)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(json.dumps(result))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--mailboxes", type=int, default=200)
    parser.add_argument("--replies", type=int, default=300)
    parser.add_argument("--sends", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=0.04)
    return parser.parse_args()


# --- reading ------------------------------------------------------------------------------------


def stranger(number: int) -> bytes:
    return (
        f"From: Person {number} <p{number}@elsewhere.test>\r\nTo: sales@acme.test\r\nDate: {NOW}\r\n"
        f"Message-ID: <{number}.x@elsewhere.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_{number}?=\r\n"
        f"References: <{number}.a@elsewhere.test> <{number}.b@elsewhere.test>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{FILLER}"
    ).encode()


def answer(number: int, to: str) -> bytes:
    return (
        f"From: Ada <ada{number}@engines.test>\r\nTo: sales@acme.test\r\nDate: {NOW}\r\n"
        f"Message-ID: <{number}.{random.random()}@engines.test>\r\nSubject: Re: Looms\r\n"
        f"In-Reply-To: {to}\r\n"
        f"References: {to}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTell me more.\r\n\r\n{FILLER}"
    ).encode()


NOW = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())


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


def timed(work):
    began = time.perf_counter()
    came = work()
    return time.perf_counter() - began, came


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


def a_box(address: str, dovecot):
    from django.utils import timezone

    from keychain.crypto.secret import Secret
    from mailbox.models import Mailbox
    from tests.mail_world import a_mailbox

    box = a_mailbox(address, imap_port=dovecot.port)
    box.credential.secret = Secret("secret")
    box.credential.save()
    Mailbox.objects.filter(pk=box.pk).update(last_sent_at=timezone.now())
    return box


def sent_mail(mailbox, count: int) -> list[str]:
    """Threads of one mail each, sent: their ids."""
    from mailbox.models import Delivery, Direction, Message, Thread
    from tests.mail_world import leads_of

    addresses = [f"ada{number}.{mailbox.pk.hex[-6:]}@engines.test" for number in range(count)]
    threads = [Thread(mailbox=mailbox, lead=lead) for lead in leads_of(addresses)]
    Thread.objects.bulk_create(threads)
    out = {"mailbox": mailbox, "direction": Direction.OUT, "delivery": Delivery.SENT, "subject": "Looms"}
    messages = [
        Message(thread=thread, message_id=f"<{thread.pk}@acme.test>", body="We repair looms.", **out)
        for thread in threads
    ]
    Message.objects.bulk_create(messages)
    return [message.message_id for message in messages]


# --- lag ----------------------------------------------------------------------------------------


def lag(options: argparse.Namespace, dovecot) -> dict[str, float]:
    from tenants import bells
    from tenants.binding import bound
    from tests.world import make_workspace

    boxes: list[tuple[object, str, str]] = []
    workspaces = [make_workspace(f"lag{number}") for number in range(4)]
    for number in range(options.mailboxes):
        workspace = workspaces[number % 4]
        with bound(workspace):
            address = f"box{number}@acme.test"
            boxes.append((workspace, address, sent_mail(a_box(address, dovecot), 1)[0]))
            dovecot.deliver(address, [])
    for workspace in workspaces:
        with bound(workspace):
            bells.ring("sync")
    with worker():
        until = time.monotonic() + 300
        while time.monotonic() < until and waited_in(workspaces) < options.mailboxes * 0.98:
            time.sleep(1)
        print(f"one worker waits in {waited_in(workspaces)} of {options.mailboxes} mailboxes", flush=True)
        lags = sorted(replies(options, dovecot, boxes, workspaces))
    p95 = lags[int(len(lags) * 0.95)]
    print(f"a reply is a row after {statistics.median(lags):.2f} s, p95 {p95:.2f} s, worst {lags[-1]:.2f} s")
    return {"reply_lag_p95_s": round(p95, 2)}


def waited_in(workspaces) -> int:
    from mailbox.models import Mailbox
    from tenants.binding import bound

    count = 0
    for workspace in workspaces:
        with bound(workspace):
            count += Mailbox.objects.exclude(watched_until=None).count()
    return count


def replies(options, dovecot, boxes, workspaces) -> list[float]:
    """Lay replies into random mailboxes, five a second, and see when each is stored."""
    from mailbox.models import Direction, Message
    from tenants.binding import bound

    laid: dict[str, float] = {}
    seen: dict[str, float] = {}
    due = time.monotonic()
    until = time.monotonic() + options.replies / 5 + 90
    while len(seen) < options.replies and time.monotonic() < until:
        if len(laid) < options.replies and time.monotonic() >= due:
            due += 0.2
            _, address, to = random.choice(boxes)
            mail = answer(len(laid), to)
            name = mail.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
            dovecot.deliver(address, [mail])
            laid[name] = time.monotonic()
        for workspace in workspaces:
            with bound(workspace):
                there = Message.objects.filter(direction=Direction.IN).values_list("message_id", flat=True)
                now = time.monotonic()
                seen |= {name: now for name in there if name not in seen}
        time.sleep(0.02)
    missing = [until - laid[name] for name in laid if name not in seen]
    return [seen[name] - laid[name] for name in laid if name in seen] + missing


@contextmanager
def worker():
    """One worker of the product's, with its threads, and beat."""
    celery = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "--app", "paitho.celery"]
    quiet = ["--loglevel", "ERROR"]
    pool = ["--pool", "threads", "--concurrency", "20", "--queues", "mail,provision,llm,cpu"]
    with tempfile.TemporaryDirectory() as folder:
        beat = ["beat", "--schedule", f"{folder}/beat", "--pidfile", "", *quiet]
        processes = [subprocess.Popen([*celery, *words]) for words in (["worker", *pool, *quiet], beat)]
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)


# --- sending ------------------------------------------------------------------------------------


def sending(options: argparse.Namespace, servers) -> dict[str, float]:
    from campaigns.sending import send_from
    from mailbox.models import Delivery, Mailbox, Message
    from tenants.binding import bound
    from tests.exactly_once.stage import approved_mail
    from tests.world import make_workspace

    rates: dict[str, list[float]] = {
        "ours": [],
        "smtplib": [],
        "ours, no distance": [],
        "smtplib, no distance": [],
    }
    costs = ""
    workspace = make_workspace("sending")
    with provider(options.rtt) as far, provider(0) as near, bound(workspace):
        approved_mail(workspace, options.sends, far, 1, mailboxes=1)
        box = Mailbox.objects.get()
        for turn in range(options.rounds + 1):
            for port, suffix in ((far, ""), (near, ", no distance")):
                rescheduled()
                box.smtp_port = port
                before = statistics_of(servers)
                took, _ = timed(lambda: send_from(box, time.monotonic() + 600, []))
                after = statistics_of(servers)
                assert Message.objects.filter(delivery=Delivery.SENT).count() == options.sends
                raw = [bytes(message.raw) for message in Message.objects.all()]
                took_bare, _ = timed(partial(bare, port, raw))
                if turn:
                    rates[f"ours{suffix}"].append(options.sends / took)
                    rates[f"smtplib{suffix}"].append(options.sends / took_bare)
                commits, rows = ((b - a) / options.sends for a, b in zip(before, after, strict=True))
                costs = f"{commits:.1f} transactions and {rows:.1f} rows written for each message"
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, rate in medians.items():
        print(f"sending, {name}: {rate:.1f} messages/s")
    print(costs, flush=True)
    return {"send_ratio_smtplib": round(medians["ours"] / medians["smtplib"], 3)}


def rescheduled() -> None:
    """Everything is to be sent once more, for measuring."""
    from campaigns.models import Enrollment, Stage
    from mailbox.models import Mailbox, Message

    Message.objects.update(delivery="scheduled", attempts=0)
    Enrollment.objects.update(stage=Stage.SCHEDULED)
    Mailbox.objects.update(claimed_count=0, next_at=None)


def bare(port: int, messages: list[bytes]) -> None:
    """What anybody would write: one connection, one sendmail each."""
    with smtplib.SMTP("127.0.0.1", port) as line:
        line.login("sales", "secret")
        for message in messages:
            line.sendmail("sales@acme.test", ["ada@engines.test"], message)


@contextmanager
def provider(rtt: float):
    port = free_port()
    command = [sys.executable, "-m", "bench.mail_server", str(port), str(rtt)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        wait_for(port)
        yield port
    finally:
        server.stdin.close()
        server.wait(10)


def statistics_of(servers) -> tuple[int, int]:
    """Commits of the database so far, and rows written."""
    import psycopg

    time.sleep(1.2)  # the server gathers its counts once a second
    with psycopg.connect(servers.cluster.superuser_dsn("paitho_main"), autocommit=True) as connection:
        commits = connection.execute(
            "SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = 'paitho_main'"
        ).fetchone()[0]
        rows = connection.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_all_tables"
            " WHERE schemaname LIKE 'tenant%'"
        ).fetchone()[0]
    return int(commits), int(rows)


if __name__ == "__main__":
    sys.exit(main())
