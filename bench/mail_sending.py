"""Sending through one connection, claims and settlements included, next to bare smtplib."""

from __future__ import annotations

import argparse
import smtplib
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from bench.mail_world import timed
from tests.servers.ports import free_port, wait_for


class Place(NamedTuple):
    """A provider: how far away, and whether it takes several commands at once."""

    name: str
    port: int


class Costs(NamedTuple):
    """What sending has cost the database so far."""

    commits: int
    rows: int


def sending(options: argparse.Namespace, servers) -> dict[str, float]:
    from mailbox.models import Mailbox
    from tenants.binding import bound
    from tests.exactly_once.stage import approved_mail
    from tests.world import make_workspace

    ratios: dict[str, list[float]] = {}
    rates: dict[str, list[tuple[float, float]]] = {}
    workspace = make_workspace("sending")
    with (
        provider(options.rtt, "pipelining") as far,
        provider(options.rtt, "one-by-one") as slow,
        provider(0, "pipelining") as near,
        bound(workspace),
    ):
        places = [
            Place(f"{1000 * options.rtt:.0f} ms away", far),
            Place(f"{1000 * options.rtt:.0f} ms away, without PIPELINING", slow),
            Place("no distance", near),
        ]
        approved_mail(workspace, options.sends, far, 1, mailboxes=1)
        box = Mailbox.objects.get()
        for turn in range(options.rounds + 1):
            for place in places:
                ours, bare_rate, costs = one_round(box, place.port, options.sends, servers)
                if turn:
                    rates.setdefault(place.name, []).append((ours, bare_rate))
                    ratios.setdefault(place.name, []).append(ours / bare_rate)
    for name, pairs in rates.items():
        ours, bare_rate = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"sending, {name}: {ours:.1f} messages/s, smtplib {bare_rate:.1f}", end="; ")
        print(f"ratio {statistics.median(ratios[name]):.3f}")
    print(costs, flush=True)
    return {"send_ratio_smtplib": round(statistics.median(ratios[places[0].name]), 3)}


def one_round(box, port: int, count: int, servers) -> tuple[float, float, str]:
    """Messages per second by us and by smtplib, and what each of ours cost the database."""
    from django.db import connections

    from campaigns.sending import send_from
    from mailbox.models import Delivery, Message

    rescheduled()
    box.smtp_port = port
    statements: list[str] = []
    before = costs_so_far(servers)
    with connections["default"].execute_wrapper(partial(noted, statements)):
        took, _ = timed(lambda: send_from(box, time.monotonic() + 600, []))
    after = costs_so_far(servers)
    assert Message.objects.filter(delivery=Delivery.SENT).count() == count
    raw = [bytes(message.raw) for message in Message.objects.all()]
    took_bare, _ = timed(partial(bare, port, raw))
    commits, rows = (round((b - a) / count, 1) for a, b in zip(before, after, strict=True))
    told = f"for each message: {len(statements) / count:.1f} statements, {commits} transactions,"
    return count / took, count / took_bare, f"{told} {rows} rows written"


def noted(statements: list[str], execute, sql, params, many, context):
    statements.append(sql)
    return execute(sql, params, many, context)


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
def provider(rtt: float, kind: str):
    port = free_port()
    command = [sys.executable, "-m", "bench.mail_server", str(port), str(rtt), kind]
    server = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        wait_for(port)
        yield port
    finally:
        server.stdin.close()
        server.wait(10)


def costs_so_far(servers) -> Costs:
    """The database's own counters; a session hands in what it has counted only when it is told to."""
    import psycopg
    from django.db import connections

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(servers.cluster.superuser_dsn("paitho_main"), autocommit=True) as connection:
        [commits] = connection.execute(
            "SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = 'paitho_main'"
        ).fetchone()
        [rows] = connection.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_all_tables"
            " WHERE schemaname LIKE 'tenant%'"
        ).fetchone()
    return Costs(int(commits), int(rows))
