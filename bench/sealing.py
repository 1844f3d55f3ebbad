"""What sealing costs: envelopes against bare AES-GCM, a page of leads and a search against clear text.

    make bench-sealing [SEALING_LEADS=1000000] [SEALING_SMALL=100000]

Everything is measured side by side in one run, interleaved, and medians are compared. The clear twin of the
leads' table stands in the same schema, under the same row policy, with the same ids:

    page      the 50 newest leads, read through the product's own query and sealed field, rendered by the
              product's own template; and the same from a table whose profile is jsonb
    search    the product's search (blind index, all words, the newest 50) against `ILIKE '%…%'` on the clear
              name, company, title and e-mail, the newest 50

The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from uuid import UUID

from tests.environment import start

KEYS = ("seal_per_s", "open_per_s", "aesgcm_ratio", "page_ratio")
SIZED = ("search_ms_100k", "search_ms_1m", "ilike_ms_100k", "ilike_ms_1m")
ROUNDS = 31
VALUE = 300  # bytes: about what a profile has
QUERIES = (
    "lovelace", "ada engines", "robotics", "head of sales", "hoff", "quantum pumps", "turing procurement",
    "kathe", "okafor freight", "zzyzx",
)  # fmt: skip


def main() -> int:
    options = _options()
    start()
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    django.setup()
    found: dict[str, float] = envelopes()
    from bench import sealing_pages as pages

    with pages.workspace() as home:
        for size, name in ((options.small, "100k"), (options.leads, "1m")):
            pages.fill(home, size, _say)
            if name == "100k":
                found |= pages.page_ratio(home, ROUNDS)
                _say(f"page: {found['page_ratio']} times the clear one")
            rounds = ROUNDS if size <= 100_000 else 7
            times = pages.search_times(home, QUERIES, rounds, _say)
            found |= {f"{key}_{name}": value for key, value in times.items()}
            _say(
                f"search over {size:,}: {found[f'search_ms_{name}']} ms, ILIKE {found[f'ilike_ms_{name}']} ms"
            )
    _table(found)
    print(json.dumps({key: found[key] for key in (*KEYS, *SIZED)}))
    return 0


def envelopes() -> dict[str, float]:
    """Envelopes a second, one at a time as a page opens them, and bare AES-256-GCM under one key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from keychain.crypto.envelope import Sealer

    key, row, text = bytes(range(32)), UUID(int=7), b"x" * VALUE
    sealer, bare = Sealer(key, 1, UUID(int=1), "leads", "profile"), AESGCM(key)
    sealed, nonce = sealer.seal(row, text), bytes(12)
    closed = bare.encrypt(nonce, text, b"bound")

    def bare_seal() -> None:
        bare.encrypt(os.urandom(12), text, b"bound")

    ways: dict[str, Callable[[], object]] = {
        "seal": lambda: sealer.seal(row, text),
        "open": lambda: sealer.unseal(row, sealed),
        "bare_seal": bare_seal,
        "bare_open": lambda: bare.decrypt(nonce, closed, b"bound"),
    }
    per_second = interleaved(ways, rounds=21, calls=2000)
    seal, opened = per_second["seal"], per_second["open"]
    found = {
        "seal_per_s": round(seal),
        "open_per_s": round(opened),
        "aesgcm_ratio": round((per_second["bare_seal"] / seal + per_second["bare_open"] / opened) / 2, 2),
    }
    _say(f"envelopes: {found}")
    return found


def interleaved(ways: dict[str, Callable[[], object]], *, rounds: int, calls: int) -> dict[str, float]:
    """Calls a second of each way: one after another in each round, the median of the rounds."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(calls):
                way()
            took[name].append(time.perf_counter() - began)
    return {name: calls / statistics.median(times) for name, times in took.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, flush=True)


def _table(found: dict[str, float]) -> None:
    for name, value in found.items():
        print(f"  {name:<16} {value:>12,}")


if __name__ == "__main__":
    sys.exit(main())
