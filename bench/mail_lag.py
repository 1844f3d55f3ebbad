"""How long a reply takes to become a row, with many mailboxes on one worker."""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

from bench.mail_world import a_box, answer, sent_mail


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
