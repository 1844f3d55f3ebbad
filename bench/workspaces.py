"""What many workspaces cost: to make, to migrate, and in the memory of a web process that has met them all.

    make bench-workspaces [N=1000] [PEER=100]

Migrations are compared with django-tenants' own `migrate_schemas` on the same tables in the same cluster. It
runs on PEER schemas; the figure for N is what each of them took, times N, and its start. Both are run as the
commands they are, start included; only what `migrate_workspaces` takes to find nothing to do is measured
without it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import cluster
from tests.servers.ports import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]
MOST_CREATE_RATIO, MOST_NOOP_S, MOST_ADD_COLUMN_S, LEAST_TIMES_FASTER = 1.5, 2.0, 60.0, 10.0
THREADS = 8
WARMING, TURNS = 2, 15


def main() -> int:
    options = _options()
    cluster.prepare()
    if options.beside:
        return beside()
    say(f"{options.n} workspaces are made, one after the other, by the provisioning worker's own function …")
    seconds = provision_all(options.n)
    say("One more in the full cluster and one in an empty one, in turns …")
    ratio = last_to_first(options.n)
    say("One web process (8 threads) answers on the host of each …")
    first, last = web_memory(options.n)
    say("migrate_workspaces with nothing to do, three times …")
    noop = statistics.median(nothing_to_do() for _ in range(3))
    whole = command("paitho.settings", "migrate_workspaces", "--verbosity=0")
    say(f"  {noop:.2f} s; with the start of Python and Django {whole:.1f} s")
    say("migrate_workspaces with one more column …")
    add_column = command("bench.extra_settings", "migrate_workspaces", "--verbosity=0")
    check_columns()
    say(f"django-tenants' migrate_schemas with the same column, on {options.peer} schemas …")
    plain = plain_add_column(options.peer, options.n)
    found = {
        "create_s": round(sum(seconds), 1),
        "create_ratio_last_first": round(ratio, 2),
        "noop_migrate_s": round(noop, 2),
        "add_column_s": round(add_column, 1),
        "add_column_s_django_tenants": round(plain, 1),
        "web_rss_mb_first": round(first, 1),
        "web_rss_mb_last": round(last, 1),
    }
    return report(options, found)


def say(text: str) -> None:
    print(text, flush=True)


def provision_one(index: int) -> float:
    """Seconds that a workspace takes, from its name to its open door."""
    from django.conf import settings

    from tenants import structure
    from tenants.provisioning import provision, reserve

    start = time.perf_counter()
    slug = f"w{index:05d}"
    with structure.owner_session() as owner:
        uid = reserve(owner, slug, region="eu", host=f"{slug}.{settings.APEX.hostname}")
    provision(uid)
    return time.perf_counter() - start


def last_to_first(number: int) -> float:
    """What one takes beside `number` others, over what one takes beside none: measured in turns, medians.

    The first of a run and its last are minutes apart, in which the machine changes; these are not.
    """
    words = [sys.executable, "-m", "bench.workspaces", "--beside"]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as empty:
        assert empty.stdin
        assert empty.stdout
        first, last = [], []
        for turn in range(WARMING + TURNS):
            print(turn, file=empty.stdin, flush=True)
            first.append(float(empty.stdout.readline()))
            last.append(provision_one(number + turn))
        empty.stdin.close()
    say(
        f"  {statistics.median(first[WARMING:]) * 1000:.0f} ms beside none,"
        f" {statistics.median(last[WARMING:]) * 1000:.0f} ms beside {number}"
    )
    return statistics.median(last[WARMING:]) / statistics.median(first[WARMING:])


def beside() -> int:
    """The other side of `last_to_first`: a cluster of its own, one workspace for each line that comes."""
    for line in sys.stdin:
        say(f"{provision_one(int(line)):.6f}")
    return 0


def provision_all(number: int) -> list[float]:
    seconds = []
    for index in range(number):
        seconds.append(provision_one(index))
        if (index + 1) % max(1, number // 10) == 0:
            say(f"  {index + 1:6d}  {statistics.median(seconds[-(number // 10 or 1) :]) * 1000:6.0f} ms each")
    return seconds


def web_memory(number: int) -> tuple[float, float]:
    """Resident MB of one web process after the first tenth of the hosts, and after all of them twice."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "paitho.wsgi:application", f"--bind=127.0.0.1:{port}"]
    words = [*gunicorn, "--workers=1", f"--threads={THREADS}", "--no-control-socket", "--log-level=error"]
    server = subprocess.Popen(words, cwd=ROOT, env=os.environ)
    try:
        wait_for(port)
        worker = int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0])
        hosts = [f"w{index:05d}.localhost:8000" for index in range(number)]
        early = hosts[: max(50, number // 10)]
        visit(port, early)
        visit(port, early)
        first = resident_mb(worker)
        visit(port, hosts)
        visit(port, hosts)
        return first, resident_mb(worker)
    finally:
        server.terminate()
        server.wait(30)


def visit(port: int, hosts: list[str]) -> None:
    """Open the sign-in page of each host: it looks the host up and reads the workspace's own tables."""

    def one(host: str) -> int:
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/sign-in/", headers={"Host": host})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return len(answer.read())

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(one, hosts))


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def command(settings: str, *words: str) -> float:
    """Seconds of a management command, from its start to its end."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def nothing_to_do() -> float:
    """Seconds of the command itself, in a process that has started."""
    from django.core.management import call_command

    start = time.perf_counter()
    call_command("migrate_workspaces", verbosity=0, stdout=io.StringIO())
    return time.perf_counter() - start


def check_columns() -> None:
    with cluster.superuser("paitho_main") as root:
        (number,) = root.execute("SELECT count(*) FROM public.workspaces").fetchone()
        found = root.execute(
            "SELECT count(*) FROM pg_attribute WHERE attname = 'measured'"
            " AND attrelid IN (SELECT oid FROM pg_class WHERE relname = 'leads')"
        ).fetchone()
    assert found == (number + 1,), found  # and the reference schema


def plain_add_column(peer: int, number: int) -> float:
    names = [f"w{index:05d}" for index in range(peer)]
    cluster.make_plain_database()
    command("bench.plain_settings", "migrate_schemas", "--shared", "--verbosity=0")
    cluster.make_plain_schemas(names)
    with cluster.superuser("paitho_plain") as root:
        root.cursor().executemany("INSERT INTO plain_tenant (schema_name) VALUES (%s)", [[n] for n in names])
    start = command("bench.plain_settings", "migrate_schemas", "--shared", "--verbosity=0")
    words = ["migrate_schemas", "--tenant", "--executor=multiprocessing", "--verbosity=0"]
    took = command("bench.plain_settings", *words)
    with cluster.superuser("paitho_plain") as root:
        found = root.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'measured'").fetchone()
    assert found == (peer,), found
    say(f"  {took:.1f} s for {peer}, of which about {start:.1f} s are its start")
    return start + max(0.0, took - start) * number / peer


def report(options: argparse.Namespace, found: dict[str, float]) -> int:
    times = found["add_column_s_django_tenants"] / found["add_column_s"]
    rows = [
        ("made, all", f"{found['create_s']:.1f} s", ""),
        (
            "one beside all / one beside none",
            f"{found['create_ratio_last_first']:.2f}",
            f"at most {MOST_CREATE_RATIO}",
        ),
        ("migrate, nothing to do", f"{found['noop_migrate_s']:.2f} s", f"under {MOST_NOOP_S:.0f} s"),
        ("migrate, one more column", f"{found['add_column_s']:.1f} s", f"under {MOST_ADD_COLUMN_S:.0f} s"),
        (
            f"the same by django-tenants (measured on {options.peer})",
            f"{found['add_column_s_django_tenants']:.1f} s",
            f"{times:.0f} times ours, at least {LEAST_TIMES_FASTER:.0f}",
        ),
        ("web process, a tenth of the hosts met", f"{found['web_rss_mb_first']:.0f} MB", ""),
        ("web process, all hosts met twice", f"{found['web_rss_mb_last']:.0f} MB", "flat"),
    ]
    say("")
    for name, value, target in rows:
        say(f"  {name:52s} {value:>10s}  {target}")
    say(f"  load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(json.dumps(found))
    is_met = (
        found["create_ratio_last_first"] <= MOST_CREATE_RATIO
        and found["noop_migrate_s"] < MOST_NOOP_S
        and found["add_column_s"] < MOST_ADD_COLUMN_S
        and times >= LEAST_TIMES_FASTER
    )
    return 0 if is_met or options.n < 1000 else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--peer", type=int, default=100)
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.peer = max(1, min(options.peer, options.n))
    return options


if __name__ == "__main__":
    sys.exit(main())
