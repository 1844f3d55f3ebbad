"""How fast a file becomes leads: beside django-import-export, beside a bare INSERT, and in how much memory.

    make bench-import [ROWS=100000] [IMPORT_ROUNDS=5] [PEER_ROWS=5000] [PEAK_ROWS=1000000]

Every round takes one file in by the product's own worker, then stores the very rows that came of it once
more with a bare `INSERT … SELECT unnest(…)` (they are sealed already, so nothing is left to do but to store:
the limit), then gives the beginning of the same file to django-import-export for the same model in clear. All
of it goes to one durable PostgreSQL, with the same login and row policies. The figures are medians over the
rounds. The peak is that of a worker process of its own on a larger file. The last line is JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.people import HEADER, people, people_csv

BATCH = 2000  # rows of one bare INSERT, as many as the product's worker stores at once
TARGETS = {"ratio_import_export": 10.0, "ratio_limit": 0.5, "peak_mb_1m": 300.0}


def main() -> int:
    options = _options()
    if options.work:
        return _work(options.work)
    start()
    workspace, superuser = _workspace()
    data = people_csv(options.rows)
    print(f"{options.rows:,} rows, {len(data) / 1e6:.1f} MB, {options.rounds} rounds", flush=True)
    rounds = [
        one_round(workspace, superuser, data, options.peer_rows, number + 1)
        for number in range(options.rounds)
    ]
    found = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    peak = peak_mb(workspace, superuser, options.peak_rows)
    return report(found, rounds, peak, options.peak_rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-rows", type=int, default=5_000)
    parser.add_argument("--peak-rows", type=int, default=1_000_000)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def start() -> None:
    """A cluster and a Redis of our own, and Django on them."""
    from tests import environment

    print("Starting PostgreSQL and Redis …", flush=True)
    environment.start(durable=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    import django
    from django.core.management import call_command

    django.setup()
    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0, stdout=io.StringIO())


def _workspace() -> tuple[Any, Any]:
    from bench.clear import TABLE
    from tests.world import make_workspace

    workspace = make_workspace("acme")
    superuser = psycopg.connect(os.environ["PAITHO_SUPERUSER_DSN"], dbname="paitho_main", autocommit=True)
    superuser.execute(TABLE)
    return workspace, superuser


def one_round(workspace: Any, superuser: Any, data: bytes, peer_rows: int, number: int) -> dict[str, float]:
    """Rows per second of each way, one after the other."""
    from bench.clear import by_import_export
    from tenants.binding import bound

    some = HEADER + "".join(people(peer_rows))
    found: dict[str, float] = {}
    with bound(workspace):
        empty(superuser)
        found["paitho"] = by_paitho(data)
        rows = stored()
        empty(superuser)
        found["bare INSERT (the limit)"] = by_bare_insert(rows)
        empty(superuser)
        found["django-import-export"] = peer_rows / by_import_export(some, in_bulk=False)
        empty(superuser)
        found["django-import-export, use_bulk"] = peer_rows / by_import_export(some, in_bulk=True)
    said = ", ".join(f"{name} {rate:,.0f}/s" for name, rate in found.items())
    print(f"round {number}: {said}", flush=True)
    return found


def empty(superuser: Any) -> None:
    superuser.execute("TRUNCATE tenant_acme.leads, tenant_acme.clear_leads, tenant_acme.imports CASCADE")
    superuser.execute("VACUUM tenant_acme.leads")
    superuser.execute("CHECKPOINT")


def by_paitho(data: bytes) -> float:
    """Rows per second from the worker's first slice to its last; every row has become a lead."""
    from leads.actions.imports import import_slice

    job = begun(io.BytesIO(data), len(data))
    before = time.perf_counter()
    while import_slice():
        continue
    spent = time.perf_counter() - before
    job.refresh_from_db()
    if (job.state, job.imported) != ("done", job.rows):
        raise SystemExit(f"The import is {job.state}: {job.imported} of {job.rows} rows.")
    return float(job.imported) / spent


def begun(file: Any, size: int) -> Any:
    """An import that waits for the worker."""
    from audit.actors import Actor
    from leads.actions.imports import mapping_of, start, upload
    from leads.profile import Policy

    by = Actor(None, "the benchmark")
    job = upload(file, "people.csv", size, by=by)
    start(job, mapping_of(job), Policy.SKIP, by=by)
    return job


def stored() -> list[tuple[Any, ...]]:
    """The leads as they stand in the table, sealed."""
    from django.db import connections

    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT id, profile, email_index, domain_index, words::text, source_row FROM leads ORDER BY id"
        )
        return [
            (uid, bytes(profile), bytes(email), bytes(domain), words, row)
            for uid, profile, email, domain, words, row in cursor.fetchall()
        ]


def by_bare_insert(rows: list[tuple[Any, ...]]) -> float:
    """Rows per second of nothing but the statement, with the arrays and the cursor of the product."""
    from django.utils import timezone

    from leads.loading import INSERT
    from tenants.backend.arrays import bytea_array, int_array, text_array, uuid_array
    from tenants.backend.cursor import binary_cursor

    kinds = (uuid_array, bytea_array, bytea_array, bytea_array, text_array, int_array)
    now, before = timezone.now(), time.perf_counter()
    for place in range(0, len(rows), BATCH):
        columns = zip(*rows[place : place + BATCH], strict=True)
        packed = [kind(list(values)) for kind, values in zip(kinds, columns, strict=True)]
        with binary_cursor() as cursor:
            cursor.execute(INSERT, [None, now, now, *packed])
    return len(rows) / (time.perf_counter() - before)


def peak_mb(workspace: Any, superuser: Any, count: int) -> float:
    """The most memory that a worker process has held while it took so many rows in."""
    from tenants.binding import bound

    with bound(workspace), tempfile.TemporaryFile() as file:
        empty(superuser)
        file.write(HEADER.encode())
        for line in people(count):
            file.write(line.encode())
        size = file.tell()
        file.seek(0)
        print(f"{count:,} rows, {size / 1e6:.0f} MB, in a worker of its own …", flush=True)
        begun(file, size)
    worker = subprocess.run(
        [sys.executable, "-m", "bench.imports", "--work", "acme.localhost"],
        stdout=subprocess.PIPE,
        check=True,
    )
    taken, peak = map(float, worker.stdout.split())
    if taken != count:
        raise SystemExit(f"The worker took {taken:.0f} of {count} rows in.")
    return peak


def _work(host: str) -> int:
    """The worker process: slices until nothing is left; prints the rows and its peak in MB."""
    import django

    django.setup()
    from leads.actions.imports import import_slice
    from leads.models import Import
    from tenants import directory
    from tenants.binding import bound

    workspace = directory.by_host(host)
    if workspace is None:
        raise SystemExit(f"There is no workspace at {host}.")
    with bound(workspace):
        while import_slice():
            rows = Import.objects.values_list("rows", flat=True).latest("created_at")
            print(f"  {rows:,} rows", file=sys.stderr, flush=True)
        imported = Import.objects.latest("created_at").imported
    print(imported, _own_peak())
    return 0


def _own_peak() -> float:
    """The most that this process has held, in MB, since it became a program of its own.

    `ru_maxrss` on Linux also holds what the process had before `exec`: the memory of whoever started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # bytes on macOS


def report(found: dict[str, float], rounds: list[dict[str, float]], peak: float, peak_rows: int) -> int:
    """The table, and the last line."""
    ours = found["paitho"]
    print(f"\n{'':34}{'rows/s':>10}{'paitho is':>12}   each round")
    for name, rate in found.items():
        each = "  ".join(f"{one[name]:,.0f}" for one in rounds)
        print(f"{name:34}{rate:>10,.0f}{ours / rate:>11.2f}x   {each}")
    print(f"{f'peak of the worker, {peak_rows:,} rows':34}{peak:>10,.0f} MB")
    figures = {
        "rows_per_s": round(ours),
        "ratio_import_export": round(ours / found["django-import-export"], 1),
        "ratio_limit": round(ours / found["bare INSERT (the limit)"], 2),
        "peak_mb_1m": round(peak, 1),
    }
    missed = [name for name, least in TARGETS.items() if not _met(name, figures[name], least)]
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors;",
        f"missed: {', '.join(missed) or 'nothing'}",
    )
    print(json.dumps(figures))
    return 1 if missed else 0


def _met(name: str, figure: float, target: float) -> bool:
    return figure < target if name.startswith("peak") else figure >= target


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    raise SystemExit(main())
