"""The pipeline beside its ideal: one worker process, a local server that answers after a second.

    make bench-pipeline [PIPELINE_LEADS=1000] [BIG=10000] [SMALL=50] [LATENCY=1.0]

Real PostgreSQL, Redis, beat and Celery worker (threads), all of them started here; the model server is a
process of its own. The ideal is leads x 3 stages x latency / 50 calls at once. Fairness: a small workspace
alone, and beside one with BIG leads under way, on the same worker, each with a key of its own; medians of
three. `db_ms_per_call` is the server's own count of the time it spent in statements (pg_stat_database),
that of beat and of this script's polling included. The last line is JSON; the status is 1 where a target is
missed.
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
from contextlib import contextmanager
from pathlib import Path

CONCURRENT = 50
MOST_RATIO, MOST_SMALL_RATIO, MOST_GROWTH_MB = 1.15, 2.0, 30
PATIENCE = 900.0
CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "paitho.celery"]
WORKER = [*CELERY, "worker", "-P", "threads", "-c", "50", "-Q", "llm,provision", "--loglevel", "WARNING"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def main() -> int:
    options = _options()
    if options.serve:
        return _serve(options.latency)
    from tests import environment

    home = environment.start()
    import django

    django.setup()
    _prepare()
    with _server(options.latency) as url, _workers(home) as worker:
        result = _single(options, url, worker) | _beside(options, url)
    # Both figures of memory are the worker's, over everything that was run.
    result["peak_mb"] = worker.peak_mb
    keys = ["ratio_ideal", "small_workspace_ratio", "db_ms_per_call", "peak_mb"]
    print(json.dumps({key: result[key] for key in keys}))
    met = (
        result["ratio_ideal"] <= MOST_RATIO
        and result["small_workspace_ratio"] <= MOST_SMALL_RATIO
        and result["growth_mb"] <= MOST_GROWTH_MB
    )
    return 0 if met else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1000)
    parser.add_argument("--big", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=50)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _serve(latency: float) -> int:
    from tests.servers.llm import LlmServer

    print(LlmServer("compatible", latency=latency).start(), flush=True)
    sys.stdin.read()
    return 0


@contextmanager
def _server(latency: float):
    command = [sys.executable, "-m", "bench.pipeline", "--serve", "--latency", str(latency)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()


class Worker:
    """The one worker process, and the memory it has held."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.peak_mb = process, 0.0

    def mb(self, field: str = "VmRSS") -> float:
        """Resident memory of the worker, in MB; the highest so far is kept."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.endswith("kB")}
        self.peak_mb = round(int(found["VmHWM"]) / 1024, 1)
        return round(int(found[field]) / 1024, 1)

    def cpu_ms(self) -> float:
        """What the worker has used of the processors so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _workers(home: Path):
    beat = [*CELERY, "beat", "--loglevel", "WARNING", "-s", str(home / "beat"), "--pidfile="]
    log = (home / "worker.log").open("wb")
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    processes = [
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) for command in (WORKER, beat)
    ]
    worker = Worker(processes[0])
    try:
        yield worker
        worker.mb()
    except BaseException:
        print((home / "worker.log").read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _prepare() -> None:
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)


class Job:
    """A workspace of its own with so many leads and a campaign, ready to be launched."""

    def __init__(self, slug: str, leads: int, url: str) -> None:
        from audit.actors import Actor
        from tenants.binding import bound
        from tests import world
        from tests.mail_world import a_mailbox

        self.workspace, self.leads = world.make_workspace(slug), leads
        self.by = Actor(world.member(self.workspace, "Olga", "owner").pk, "Olga")
        with bound(self.workspace):
            self._bring(leads)
            self.campaign = self._campaign(url, a_mailbox())

    def _bring(self, leads: int) -> None:
        from leads.actions import import_slice, mapping_of, start, upload
        from leads.profile import Policy

        rows = (f"p{n}@firm{n}.test,Pat{n},Firm {n}\n" for n in range(leads))
        data = ("email,first_name,company\n" + "".join(rows)).encode()
        job = upload(io.BytesIO(data), "people.csv", len(data), by=self.by)
        start(job, mapping_of(job), Policy.SKIP, by=self.by)
        while import_slice() is not None:
            pass

    def _campaign(self, url: str, mailbox):
        from campaigns import actions
        from keychain.crypto.secret import Secret
        from keychain.models import Credential, Kind

        writer = Credential(kind=Kind.COMPATIBLE, label="Local", secret=Secret("key"), endpoint=url)
        writer.save()
        brief = {"offer": "We repair looms within a day.", "goal": "A short call."}
        plan = actions.Plan("Looms", brief, writer, [mailbox], writer_model="local")
        return actions.create(plan, by=self.by)

    def launch(self) -> None:
        from campaigns import actions
        from tenants.binding import bound

        with bound(self.workspace):
            actions.launch(self.campaign, by=self.by)

    def pause(self) -> None:
        from campaigns import actions
        from campaigns.models import Campaign
        from tenants.binding import bound

        with bound(self.workspace):
            actions.pause(Campaign.objects.get(), by=self.by)

    def working(self) -> int:
        """Leads that the models have not done with."""
        from campaigns.models import Enrollment
        from campaigns.pipeline import ASKING
        from tenants.binding import bound

        with bound(self.workspace):
            return Enrollment.objects.filter(stage__in=ASKING).count()

    def calls(self) -> int:
        from campaigns.models import StageRun
        from tenants.binding import bound

        with bound(self.workspace):
            return StageRun.objects.count()

    def run(self, watch=None) -> float:
        """Seconds from the launch until no lead is being worked on."""
        self.launch()
        began = time.perf_counter()
        while left := self.working():
            if watch:
                watch(left)
            if time.perf_counter() - began > PATIENCE:
                raise SystemExit(f"{left} leads are still being worked on.")
            time.sleep(0.25)
        return time.perf_counter() - began


def _single(options: argparse.Namespace, url: str, worker: Worker) -> dict[str, float]:
    warm = Job("warm", 20, url)
    warm.run()
    job = Job("single", options.leads, url)
    rss: list[float] = []

    def watch(left: int) -> None:
        if left < options.leads * 0.9:
            rss.append(worker.mb())

    before, cpu, calls = _database_ms(), worker.cpu_ms(), options.leads * 3
    took = job.run(watch)
    time.sleep(1.5)  # the statistics of a session arrive within a second of its last statement
    in_database, cpu = _database_ms() - before, worker.cpu_ms() - cpu
    assert job.calls() == calls, (job.calls(), calls)
    ideal = calls * options.latency / CONCURRENT
    growth = round(max(rss[len(rss) // 4 :], default=0.0) - (rss[len(rss) // 4] if rss else 0.0), 1)
    found = {
        "ratio_ideal": round(took / ideal, 3),
        "db_ms_per_call": round(in_database / calls, 2),
        "growth_mb": growth,
    }
    bare = _bare(url, calls=min(calls, 600), latency=options.latency)
    print(f"on this machine now, 50 bare threads that only ask take {bare:.2f}x the ideal (load {_load()})")
    print(f"{options.leads} leads x 3 stages: {took:.1f} s, ideal {ideal:.1f} s, ratio {took / ideal:.3f}")
    print(f"a call: {found['db_ms_per_call']} ms in the database, {cpu / calls:.1f} ms of the worker's CPU")
    print(f"worker {worker.mb()} MB, grew by {growth} MB")
    return found


def _bare(url: str, *, calls: int, latency: float) -> float:
    """The same server asked by nothing but the client, as a measure of what the machine has to give."""
    from concurrent.futures import ThreadPoolExecutor

    from campaigns.answers import Qualification
    from campaigns.facts import Facts
    from campaigns.llm.edge import Call, Provider, ask
    from campaigns.prompting import Stage, prompt_for
    from keychain.crypto.secret import Secret

    prompt = prompt_for(Stage.QUALIFY, Facts(lead={"company": "Benton"}, brief=("We mend looms.",)))
    call = Call(
        provider=Provider.COMPATIBLE,
        key=Secret("key"),
        endpoint=url,
        model="local",
        system=prompt.system,
        prompt=prompt.user,
        schema=Qualification,
        max_output_tokens=600,
    )
    with ThreadPoolExecutor(CONCURRENT) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: ask(call, resolve=lambda host, _port: host), range(calls)))
        return (time.perf_counter() - began) / (calls * latency / CONCURRENT)


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def _beside(options: argparse.Namespace, url: str) -> dict[str, float]:
    alone = [Job(f"alone{n}", options.small, url) for n in range(options.rounds)]
    beside = [Job(f"beside{n}", options.small, url) for n in range(options.rounds)]
    big = Job("big", options.big, url)
    alone_s = [job.run() for job in alone]
    big.launch()
    at_full = options.big - 4 * CONCURRENT
    while big.calls() < min(4 * CONCURRENT, at_full):
        time.sleep(0.25)
    beside_s = [job.run() for job in beside]
    left = big.working()
    assert left, "The big workspace was done before the small ones: make it bigger."
    big.pause()
    ratio = statistics.median(beside_s) / statistics.median(alone_s)
    print(f"{options.small} leads alone: {_seconds(alone_s)}; beside {options.big}: {_seconds(beside_s)}")
    print(f"ratio {ratio:.2f}; {left} leads of the big one were still being worked on")
    return {"small_workspace_ratio": round(ratio, 3)}


def _seconds(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values) + " s"


def _database_ms() -> float:
    import psycopg

    with psycopg.connect(os.environ["PAITHO_SUPERUSER_DSN"], dbname="paitho_main") as connection:
        connection.execute("SELECT pg_stat_clear_snapshot()")
        row = connection.execute(
            "SELECT active_time FROM pg_stat_database WHERE datname = 'paitho_main'"
        ).fetchone()
    return float(row[0])


if __name__ == "__main__":
    sys.exit(main())
