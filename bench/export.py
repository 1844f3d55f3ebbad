"""How fast and in how much memory a workspace is exported, beside `pg_dump | gzip` of the same schema.

    make bench-export [SIZES="10000 100000 1000000"]

One workspace grows to each size: so many leads, as many conversations and as many messages. At each size
a fresh process exports it, and its peak memory is taken; then `pg_dump | gzip` dumps the same schema, which
leaves everything sealed: the export also opens each value and writes each table twice (SQL and CSV). The last
line is JSON: `rows_per_s` and `ratio_pg_dump` (its time by ours) at the largest size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.filled import Filling
from bench.imports import start

MOST_GROWTH = 1.2


def main() -> int:
    options = _options()
    if options.work:
        return work(options.work)
    start()
    from tests.world import make_workspace

    workspace = make_workspace("acme")
    filling, found = Filling(workspace), []
    for size in options.sizes:
        filling.up_to(size)
        found.append(measure(size))
        shown(found[-1])
    return report(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def work(folder: str) -> int:
    """In a process of its own: export, and say how long it took and how large the process became."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    import django

    django.setup()
    from tenants.directory import by_slug
    from tenants.export.bundle import export

    began = time.monotonic()
    exported = export(by_slug("acme"), Path(folder))
    took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = exported.path.stat().st_size
    print(json.dumps({"s": took, "rows": sum(exported.rows.values()), "peak_mb": peak, "bytes": size}))
    return 0


def measure(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="paitho-bench-") as folder:
        command = [sys.executable, "-m", "bench.export", "--work", folder]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        ours = json.loads(said.splitlines()[-1])
        dump_s = pg_dump(Path(folder, "dump.gz"))
    return {"leads": size, **ours, "pg_dump_s": dump_s}


def pg_dump(out: Path) -> float:
    from tenants.backup import tools

    with tools.environment(tools.BACKUP) as env:
        line = f"'{tools.program('pg_dump')}' --schema=tenant_acme | gzip > '{out}'"
        began = time.monotonic()
        subprocess.run(["/bin/sh", "-ec", line], env=env, check=True)
        return time.monotonic() - began


def shown(one: dict[str, Any]) -> None:
    print(
        f"{one['leads']:>9,} leads  {one['rows']:>9,} rows  {one['s']:>7.1f} s  "
        f"{one['rows'] / one['s']:>7,.0f} rows/s  peak {one['peak_mb']:>6.1f} MB  "
        f"{one['bytes'] / 1e6:>7.1f} MB  pg_dump|gzip {one['pg_dump_s']:>6.1f} s",
        flush=True,
    )


def report(found: list[dict[str, Any]]) -> int:
    last = found[-1]
    peaks = [one["peak_mb"] for one in found]
    met = max(peaks) <= min(peaks) * MOST_GROWTH
    print(f"memory grows by {max(peaks) / min(peaks):.2f} from the least to the most (at most {MOST_GROWTH})")
    print(
        json.dumps(
            {
                "rows_per_s": round(last["rows"] / last["s"]),
                "peak_mb_10k": round(peaks[0], 1),
                "peak_mb_1m": round(peaks[-1], 1),
                "ratio_pg_dump": round(last["pg_dump_s"] / last["s"], 3),
            }
        )
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
