"""Lines a second into the sealed, partitioned, append-only log, beside inserts into a bare table.

    make bench-audit [WRITERS=16] [SECONDS=8] [AUDIT_ROUNDS=5]

As many processes as there are writers insert one line for each transaction, with the workspace's own login,
on a durable PostgreSQL; each has written to its table before the clock starts. Rounds alternate between the
two tables. The bare table has the same columns and a primary key: no partitions, no triggers, no row policy,
no further index. The statement is prepared on both: the tables are compared, not a client's text. While the
log is written, a process of its own seals it every second, as often as no real worker does. `ratio_bare` is
the median of the rounds' ratios; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.imports import start

LEAST = 0.9
POOL = 240_000  # sealed lines for all writers of a round
WARM = 20  # lines that each session writes before the clock starts: its statement is planned by then
TABLES = {"log": "audit_log", "bare": "bare"}
INSERT = (
    "INSERT INTO {} (id, at, event, actor_id, about_id, details, hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


def main() -> int:
    options = _options()
    if options.write:
        return write(options.write, options.seconds)
    if options.seal:
        return seal(options.seconds)
    start()
    _prepare()
    rounds = [one_round(options) for _ in range(options.rounds)]
    check()
    return report(rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", choices=TABLES, help=argparse.SUPPRESS)
    parser.add_argument("--seal", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _prepare() -> None:
    """The workspace, and the bare table in its schema."""
    import psycopg

    from tests.world import make_workspace

    make_workspace("acme")
    with psycopg.connect(os.environ["PAITHO_SUPERUSER_DSN"], dbname="paitho_main", autocommit=True) as root:
        root.execute(
            "CREATE TABLE tenant_acme.bare (id uuid PRIMARY KEY, at timestamptz NOT NULL,"
            " event varchar(40) NOT NULL, actor_id uuid, about_id uuid, details bytea NOT NULL, hash bytea)"
        )
        root.execute("GRANT INSERT, SELECT ON tenant_acme.bare TO tenant_acme_app")
        root.execute("SELECT tenant_acme.audit_log_make_ahead(13)")  # as retention leaves it


def _setup() -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    import django

    django.setup()
    from tenants.directory import by_slug

    return by_slug("acme")


def write(table: str, seconds: float) -> int:
    """One writer: sealed lines made beforehand, then as many commits as it can."""
    from paitho.lib.ids import uuid7

    workspace = _setup()
    from django.db import connections

    from audit.lines import details_of, digest
    from audit.models import AuditRow
    from tenants.backend.cursor import binary_cursor
    from tenants.binding import bound

    with bound(workspace):
        sealer = AuditRow._meta.get_field("details").sealer()
        connections["default"].ensure_connection()
        connection: Any = connections["default"].connection
        statement, by, event = INSERT.format(TABLES[table]), uuid7(), "auth.signed_in"
        told = details_of("Olga of Acme", ip="203.0.113.7", about="lead", data={"leads": 12})

        def made(uid: Any) -> tuple[Any, ...]:
            at = datetime.now(UTC)
            return uid, at, event, by, uid, sealer(told, uid), digest(uid, at, event, by, uid, told)

        pool = [made(uuid7()) for _ in range(int(POOL / 16))]

        connection.prepare_threshold = 5  # else psycopg prepares nothing
        with binary_cursor() as cursor:
            for row in pool[:WARM]:
                cursor.execute(statement, row, prepare=True)
            print("ready", flush=True)
            sys.stdin.readline()
            until, count = time.monotonic() + seconds, 0
            while time.monotonic() < until:
                assert WARM + count < len(pool), "more lines have to be made beforehand"
                cursor.execute(statement, pool[WARM + count], prepare=True)
                count += 1
    print(json.dumps({"count": count, "s": seconds + time.monotonic() - until}), flush=True)
    return 0


def seal(seconds: float) -> int:
    workspace = _setup()
    from audit.sealing import seal_now
    from tenants.binding import bound

    with bound(workspace):
        seal_now()
        print("ready", flush=True)
        sys.stdin.readline()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            seal_now()
            time.sleep(1)
    return 0


def _start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.audit", *words]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )


def rate(options: argparse.Namespace, table: str) -> float:
    """Inserts a second of all writers together."""
    seconds = ("--seconds", str(options.seconds))
    writers = [_start("--write", table, *seconds) for _ in range(options.writers)]
    sealing = [_start("--seal", *seconds)] if table == "log" else []
    for child in (*writers, *sealing):
        assert child.stdout is not None
        child.stdout.readline()
    for child in (*writers, *sealing):
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    said = [json.loads(writer.communicate()[0].splitlines()[-1]) for writer in writers]
    for child in sealing:
        child.communicate()
    return sum(one["count"] / one["s"] for one in said)


def one_round(options: argparse.Namespace) -> dict[str, float]:
    found = {table: rate(options, table) for table in TABLES}
    print(
        f"log {found['log']:>8,.0f} lines/s   bare {found['bare']:>8,.0f} lines/s   "
        f"{found['log'] / found['bare']:.2f}",
        flush=True,
    )
    return found


def check() -> None:
    """What was written is sealed to its last line, and holds."""
    from audit import evidence, verifying
    from audit.sealing import seal_now
    from tenants.binding import bound
    from tenants.directory import by_slug

    with bound(by_slug("acme")):
        seal_now()
        found = evidence.online()
        verdict = verifying.verify(found.seals, found.lines, today=found.today)
    assert verdict.holds, verdict.problem
    assert verdict.unsealed == 0
    print(f"{verdict.lines:,} lines in {verdict.seals} batches hold", flush=True)


def report(rounds: list[dict[str, float]]) -> int:
    ratio = statistics.median(one["log"] / one["bare"] for one in rounds)
    log, bare = (statistics.median(one[table] for one in rounds) for table in TABLES)
    print(f"medians: log {log:,.0f}, bare {bare:,.0f} lines/s; at least {LEAST} is asked for", flush=True)
    print(json.dumps({"ratio_bare": round(ratio, 3)}))
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
