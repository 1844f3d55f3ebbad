"""Calls per second and memory of one worker process, for each provider, against a server that takes 200 ms.

    uv run python -m bench.llm_edge [--threads 64] [--calls 2000] [--latency 0.2] [provider …]

Each provider is measured in a process of its own, so that the memory is that of one SDK. The server
is a third process. The last line is JSON; the exit status is 1 where a target is missed.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from campaigns.answers import DraftAnswer
from campaigns.facts import Facts
from campaigns.llm.edge import Answered, Call, Outcome, Provider, ask
from campaigns.prompting import Stage, prompt_for
from keychain.crypto.secret import Secret
from tests.servers.llm import LlmServer

PROVIDERS = ("openai", "anthropic", "google", "compatible")
LEAST_CALLS_PER_SECOND = 200
MOST_MB = 120


def main() -> int:
    options = _options()
    if options.serve:
        return _serve(options.serve, options.latency)
    if options.measure:
        print(json.dumps(measure(options.measure, options.url, options.threads, options.calls)))
        return 0
    results = {
        provider: _in_its_own_process(provider, options) for provider in options.providers or PROVIDERS
    }
    met = all(
        one["calls_per_s"] >= LEAST_CALLS_PER_SECOND and one["peak_mb"] <= MOST_MB for one in results.values()
    )
    targets = {"calls_per_s": LEAST_CALLS_PER_SECOND, "peak_mb": MOST_MB}
    load = round(os.getloadavg()[0], 1)
    print(
        json.dumps({"bench": "llm_edge", "providers": results, "targets": targets, "met": met, "load": load})
    )
    return 0 if met else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("providers", nargs="*")
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    return parser.parse_args()


def _serve(provider: str, latency: float) -> int:
    print(LlmServer(provider, latency=latency).start(), flush=True)
    sys.stdin.read()
    return 0


def _in_its_own_process(provider: str, options: argparse.Namespace) -> dict[str, float]:
    this = [sys.executable, "-m", "bench.llm_edge"]
    server = subprocess.Popen(
        [*this, "--serve", provider, "--latency", str(options.latency)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip()
        size = ["--threads", str(options.threads), "--calls", str(options.calls)]
        done = subprocess.run(
            [*this, "--measure", provider, "--url", url, *size], stdout=subprocess.PIPE, text=True, check=True
        )
    finally:
        server.stdin.close()
        server.wait()
    result = json.loads(done.stdout)
    print(provider, result, flush=True)
    return result


def measure(provider: str, url: str, threads: int, calls: int) -> dict[str, float]:
    facts = Facts(lead={"first_name": "James", "company": "Benton"}, brief=("We mend looms.",) * 20)
    prompt = prompt_for(Stage.DRAFT, facts)

    def one(number: int) -> Outcome:
        call = Call(
            provider=Provider(provider),
            key=Secret(f"key-of-workspace-{number % 50}"),
            endpoint=url,
            model="model-1",
            system=prompt.system,
            prompt=prompt.user,
            schema=DraftAnswer,
            max_output_tokens=2000,
        )
        return ask(call, resolve=_anywhere)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(threads)))
        cpu, started = time.process_time(), time.perf_counter()
        outcomes = list(pool.map(one, range(calls)))
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
    latencies = sorted(outcome.latency_ms for outcome in outcomes)
    return {
        "calls_per_s": round(calls / took, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cpu_ms_per_call": round(1000 * cpu / calls, 2),
        "p50_ms": statistics.median(latencies),
        "p99_ms": latencies[int(len(latencies) * 0.99)],
        "answered": sum(isinstance(outcome, Answered) for outcome in outcomes),
    }


def _anywhere(host: str, _port: int) -> str:
    return host


if __name__ == "__main__":
    sys.exit(main())
