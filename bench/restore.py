"""Backup and restore of one workspace, beside bare pg_dump and pg_restore, while its neighbours write.

    make bench-restore [RESTORE_LEADS=100000] [ROUNDS=3] [WRITERS=2]

Each round backs the workspace up by ours and by `pg_dump --format=custom`, then restores both: ours into the
live database, swapped in, and the archive by `pg_restore` into an empty database. Nobody writes during the
timed parts but ours does more in them: it counts, seals, checks each chunk, makes policies and grants, and
carries forward. Then once more with two neighbours and the workspace itself under write load: each write
that was acknowledged to a neighbour must be there afterwards, and its latency is taken while the schemas
change names. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.filled import Filling
from bench.imports import start

MOST, MOST_SWAP_MS = 1.5, 1000
NEIGHBOURS = ("beta", "gamma")
AROUND_SWAP = 1.0  # seconds before and after it that count as "during the swap"


def main() -> int:
    options = _options()
    if options.write:
        return write(options.write, Path(options.until))
    start()
    from tests.world import make_workspace

    acme = make_workspace("acme")
    for slug in NEIGHBOURS:
        make_workspace(slug)
    Filling(acme).up_to(options.leads)
    with tempfile.TemporaryDirectory(prefix="paitho-bench-") as folder:
        rounds = [one_round(acme, Path(folder, str(number))) for number in range(options.rounds)]
        loaded = under_load(acme, Path(folder), options.writers)
    return report(rounds, loaded)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--until", help=argparse.SUPPRESS)
    return parser.parse_args()


def one_round(acme: Any, folder: Path) -> dict[str, float]:
    from tenants.backup import dumping, restoring
    from tenants.backup.stores import Directory

    folder.mkdir()
    archive = folder / "bare.dump"
    found = {"pg_dump": timed(lambda: bare_dump(archive))}
    store = Directory(folder / "ours")
    made: list[Any] = []
    found["backup"] = timed(lambda: made.append(dumping.back_up(acme, store)))
    found["pg_restore"] = timed(lambda: bare_restore(archive))
    restored: list[Any] = []
    found["restore"] = timed(lambda: restored.append(restoring.restore(acme, store, made[0].name)))
    found["swap_ms"] = restored[0].swap_ms
    size, bare_size = made[0].size / 1e6, archive.stat().st_size / 1e6
    print(
        f"backup {found['backup']:.1f} s (pg_dump {found['pg_dump']:.1f} s)   "
        f"restore {found['restore']:.1f} s (pg_restore {found['pg_restore']:.1f} s)   "
        f"swap {found['swap_ms']} ms   {size:.0f} MB (bare {bare_size:.0f} MB)",
        flush=True,
    )
    return found


def timed(work: Any) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def bare_dump(archive: Path) -> None:
    from tenants.backup import tools

    command = [
        tools.program("pg_dump"), "--format=custom", "--schema=tenant_acme", "--no-owner", "--no-privileges",
        "--file", str(archive),
    ]  # fmt: skip
    with tools.environment(tools.BACKUP) as env:
        subprocess.run(command, env=env, check=True)


def bare_restore(archive: Path) -> None:
    """Into an empty database, made before the clock starts for nobody: its making is part of both."""
    from tenants.backup import restoring, tools

    with (
        restoring.scratch("paitho_scratch_bare") as database,
        tools.environment(tools.BACKUP, database) as env,
    ):
        command = [
            tools.program("pg_restore"),
            "--no-owner",
            "--exit-on-error",
            "--dbname",
            database,
            str(archive),
        ]
        subprocess.run(command, env=env, check=True)


# --- under write load ------------------------------------------------------------------------------


def write(slug: str, until: Path) -> int:
    """Write until the file appears; then say when each write was acknowledged, and how long it took."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    import django

    django.setup()
    from django.db import DatabaseError

    from leads.models import Label
    from tenants.binding import bound
    from tenants.directory import by_slug

    told = []
    with bound(by_slug(slug)):
        print("ready", flush=True)
        while not until.exists():
            began = time.monotonic()
            label = Label(kind="tag", name=f"{os.getpid()}-{len(told)}")
            try:
                label.save(force_insert=True)
            except DatabaseError:
                continue  # not acknowledged
            told.append((began, time.monotonic() - began, str(label.pk)))
    print(json.dumps(told), flush=True)
    return 0


def under_load(acme: Any, folder: Path, writers: int) -> dict[str, float]:
    from tenants.backup import dumping, restoring, swapping
    from tenants.backup.stores import Directory

    until, store = folder / "enough", Directory(folder / "loaded")
    made = dumping.back_up(acme, store)
    running = [(slug, _writer(slug, until)) for slug in (*NEIGHBOURS, "acme") for _ in range(writers)]
    time.sleep(3)
    swapped: list[tuple[float, float]] = []
    unwatched = swapping.exchange

    def watched(*args: Any) -> Any:
        began = time.monotonic()
        done = unwatched(*args)
        swapped[:] = [(began, time.monotonic())]
        return done

    swapping.exchange = watched
    restored = restoring.restore(acme, store, made.name)
    swapping.exchange = unwatched
    time.sleep(2)
    until.touch()
    told = [(slug, json.loads(child.communicate()[0].splitlines()[-1])) for slug, child in running]
    lost = sum(missing(slug, writes) for slug, writes in told if slug != "acme")
    began, ended = swapped[0]
    writes = [one for slug, its in told if slug != "acme" for one in its]
    near = [took for at, took, _ in writes if began - AROUND_SWAP <= at <= ended + AROUND_SWAP]
    before = [took for at, took, _ in writes if at < began - AROUND_SWAP]
    waited = (ended - began) * 1000
    print(f"under load: {len(writes):,} writes of neighbours acknowledged, {lost} lost;", end=" ")
    print(f"swap {restored.swap_ms} ms (with the wait for locks {waited:.0f} ms);", end=" ")
    print(f"neighbours' p99 {p99(near):.1f} ms around it, {p99(before):.1f} ms before", flush=True)
    return {"lost": lost, "swap_ms": restored.swap_ms, "p99": p99(near), "p99_before": p99(before)}


def _writer(slug: str, until: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.restore", "--write", slug, "--until", str(until)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert child.stdout is not None
    child.stdout.readline()
    return child


def missing(slug: str, writes: list[Any]) -> int:
    """Acknowledged writes that are not there."""
    from leads.models import Label
    from tenants.binding import bound
    from tenants.directory import by_slug

    with bound(by_slug(slug)):
        there = {str(pk) for pk in Label.objects.values_list("pk", flat=True)}
    return sum(1 for _, _, pk in writes if pk not in there)


def p99(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[int(len(ordered) * 0.99)] * 1000 if ordered else 0.0


def report(rounds: list[dict[str, float]], loaded: dict[str, float]) -> int:
    backup = statistics.median(one["backup"] / one["pg_dump"] for one in rounds)
    restore = statistics.median(one["restore"] / one["pg_restore"] for one in rounds)
    swap_ms = max(*(one["swap_ms"] for one in rounds), loaded["swap_ms"])
    print(
        json.dumps(
            {
                "backup_ratio": round(backup, 3),
                "restore_ratio": round(restore, 3),
                "swap_ms": int(swap_ms),
                "neighbour_p99_ms": round(loaded["p99"], 1),
            }
        )
    )
    met = backup <= MOST and restore <= MOST and swap_ms < MOST_SWAP_MS and not loaded["lost"]
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
