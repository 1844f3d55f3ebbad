"""What the boundary costs a page: its query in ours and in django-tenants alone, side by side in one process.

    make bench-boundary [WORKSPACES=200] [LEADS=500] [ROUNDS_OF_PAGES=20]

Both sides hold the same rows in the same cluster: ours with a login for each workspace, row security and a
pool of warm sessions; django-tenants with one login that owns every schema, one connection per thread and SET
search_path, which is left out when it did not change (TENANT_LIMIT_SET_CALLS, the faster of its two ways).
Eight threads open pages of workspaces in random order, each page on both sides, one after the other, now one
side first and now the other. A page is the list of leads: a count and the newest fifty rows. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from bench import cluster

if TYPE_CHECKING:
    from tenants.workspace import WorkspaceRef

THREADS = 8
MOST_RATIO = 1.10
FILL = """
    INSERT INTO {schema}.leads
        (id, profile, email_index, domain_index, words, standing, created_at, updated_at)
    SELECT gen_random_uuid(), convert_to(repeat(md5(n::text), 12), 'UTF8'), sha256(n::text::bytea),
           sha256((n / 7)::text::bytea), ARRAY[n, n + 1, n + 2], 'open', now(), now()
    FROM generate_series(1, {rows}) n
"""


def main() -> int:
    options = _options()
    # A warm session of every workspace, and some that two threads want at once.
    sessions = options.workspaces * 2
    os.environ["PAITHO_WARM_SESSIONS"] = str(sessions)
    cluster.prepare(connections=sessions + 100)
    workspaces = make(options.workspaces, options.leads)
    connect_plain()
    cold = cold_ms(workspaces)
    ours, plain = pages(workspaces, options.rounds)
    found = {
        "ratio_warm": round(statistics.median(ours) / statistics.median(plain), 3),
        "cold_ms": round(cold, 2),
        "warm_ms": round(statistics.median(ours), 2),
    }
    say("")
    say(f"  pages measured on each side, warm    {len(ours)}")
    for name, side in (("ours", ours), ("django-tenants alone", plain)):
        tail = statistics.quantiles(side, n=20)[-1]
        say(f"  {name:36s} {statistics.median(side):6.2f} ms   (95 %: {tail:.2f} ms)")
    say(f"  ratio of the medians                 {found['ratio_warm']:.3f}     (at most {MOST_RATIO})")
    say(f"  a workspace's first session, cold    {cold:.2f} ms, the connection with its password")
    say(f"  load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(json.dumps(found))
    return 0 if found["ratio_warm"] <= MOST_RATIO else 1


def say(text: str) -> None:
    print(text, flush=True)


def make(number: int, leads: int) -> list[WorkspaceRef]:
    from tests.world import make_workspace

    say(f"{number} workspaces with {leads} leads each, and the same rows under django-tenants …")
    workspaces = [make_workspace(f"w{index:05d}") for index in range(number)]
    cluster.make_plain_database()
    cluster.make_plain_schemas(workspace.schema for workspace in workspaces)
    with cluster.superuser("paitho_main") as root, cluster.superuser("paitho_plain") as plain:
        for workspace in workspaces:
            root.execute(FILL.format(schema=workspace.schema, rows=leads))
            copy(root, plain, f"{workspace.schema}.leads")
        for side in (root, plain):
            side.execute("VACUUM ANALYZE")
            side.execute("CHECKPOINT")
    return workspaces


def copy(source: Any, target: Any, table: str) -> None:
    with (
        source.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out,
        target.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as into,
    ):
        for block in out:
            into.write(block)


def connect_plain() -> None:
    """A second alias in this process: django-tenants' backend on its own database."""
    from django.conf import settings
    from django.db import connections

    settings.TENANT_LIMIT_SET_CALLS = True
    ours = settings.DATABASES["default"]
    connections.settings["plain"] = {
        **connections.settings["default"],
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": "paitho_plain",
        "USER": "plain",
        "PASSWORD": os.environ["BENCH_PLAIN_PASSWORD"],
        "CONN_MAX_AGE": ours["CONN_MAX_AGE"],
    }


def page(alias: str) -> int:
    from leads.models import Lead

    leads = Lead.objects.using(alias)
    leads.order_by().values("pk")[:10_001].count()
    return len(leads.order_by("-pk").only("pk", "profile", "standing", "created_at")[:51])


def ours_ms(workspace: WorkspaceRef) -> tuple[float, bool]:
    """Milliseconds of the page, and whether a session lay there for it."""
    from django.db import connections

    from tenants.binding import bound

    start = time.perf_counter()
    with bound(workspace):
        is_warm = connections["default"].connection is not None
        page("default")
    return (time.perf_counter() - start) * 1000, is_warm


def plain_ms(workspace: WorkspaceRef) -> float:
    from django.db import connections

    start = time.perf_counter()
    connections["plain"].set_schema(workspace.schema)
    page("plain")
    return (time.perf_counter() - start) * 1000


def cold_ms(workspaces: list[WorkspaceRef]) -> float:
    """Milliseconds of opening a workspace's session, its password already in memory."""
    from django.db import connections

    from tenants.binding import bound
    from tenants.logins import password_of

    say("Cold sessions, one thread …")
    seconds = []
    for workspace in workspaces:
        password_of(workspace)
        start = time.perf_counter()
        with bound(workspace):
            connections["default"].ensure_connection()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1000


def pages(workspaces: list[WorkspaceRef], rounds: int) -> tuple[list[float], list[float]]:
    say(f"Pages in random order, {THREADS} threads, {rounds} rounds …")
    dice = random.Random(8)
    order = [dice.sample(workspaces, len(workspaces)) for _ in range(rounds)]
    with ThreadPoolExecutor(THREADS) as pool:
        for warming in range(2):
            list(pool.map(pair, [*workspaces, *order[warming % rounds]]))
        measured = [times for batch in order for times in pool.map(pair, batch) if times is not None]
    return [ours for ours, _ in measured], [plain for _, plain in measured]


def pair(workspace: WorkspaceRef) -> tuple[float, float] | None:
    """One page on both sides; None when ours had to open a session, which `cold_ms` counts."""
    if random.random() < 0.5:
        plain = plain_ms(workspace)
        ours, is_warm = ours_ms(workspace)
    else:
        ours, is_warm = ours_ms(workspace)
        plain = plain_ms(workspace)
    return (ours, plain) if is_warm else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=200)
    parser.add_argument("--leads", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
