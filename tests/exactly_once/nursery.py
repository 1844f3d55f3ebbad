"""Keeps Celery workers alive and kills them: forks of a process that has everything loaded already.

Told on standard input, one word a line: `go`, `calm` (no more kills at random), `stop` (kill all and start
none). Ends with its input.
"""

import argparse
import ctypes
import os
import random
import selectors
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import django


def main() -> None:
    options = parse()
    warnings.filterwarnings("ignore")
    django.setup()
    import paitho.celery
    from tests.exactly_once.deaths import Death, be_naive, lurk
    from tests.exactly_once.hurry import hurry

    hurry(options.pace)
    if options.naive:
        be_naive()
    lurk(Death(options.notes, options.chance))
    Nursery(options, paitho.celery.app).run()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--pace", type=float)
    parser.add_argument("--every", type=float, help="seconds between two kills at random")
    parser.add_argument("--chance", type=float, help="of dying at each of the worst moments")
    parser.add_argument("--workspaces", help="slugs, with commas")
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--naive", action="store_true")
    return parser.parse_args()


class Nursery:
    def __init__(self, options, app) -> None:
        self.options, self.app = options, app
        self.children: dict[int, bool] = {}  # by process: whether it is at work already
        self.ready, self.says_ready = os.pipe()
        self.is_open = self.is_calm = False
        self.born = 0
        self.celery = 0

    def run(self) -> None:
        print("ready", flush=True)
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(self.ready, selectors.EVENT_READ)
        next_kill = time.monotonic() + self.options.every
        while True:
            heard = {key.fd for key, _ in selector.select(0.05)}
            if self.ready in heard:
                for pid in os.read(self.ready, 4096).split():
                    self.children.update({int(pid): True} if int(pid) in self.children else {})
            if sys.stdin.fileno() in heard:
                line = sys.stdin.readline()
                if not line:
                    break
                self.is_open = line.strip() in ("go", "calm")
                self.is_calm = line.strip() == "calm"
                if not self.is_open:
                    self.kill(*self.children)
                print("done", flush=True)
            self.bury()
            while self.is_open and len(self.children) < self.options.workers:
                self.bear()
            if self.is_open and not self.is_calm and time.monotonic() >= next_kill:
                grown = [pid for pid, is_ready in self.children.items() if is_ready]
                if len(grown) > 1:  # on a busy machine a start takes long: somebody has to get on with it
                    self.note("at random")
                    self.kill(random.choice(grown))
                next_kill = time.monotonic() + random.uniform(0.5, 1.5) * self.options.every
        self.kill(*self.children)

    def bear(self) -> None:
        """One worker in four is Celery's own, fed by the broker; the others take slices as its tasks do."""
        self.born += 1
        is_celery = self.celery not in self.children
        pid = os.fork()
        if pid:
            self.children[pid] = not is_celery
            self.celery = pid if is_celery else self.celery
            return
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no orphans
        random.seed()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            self.celery_worker() if is_celery else self.plain_worker()
        finally:
            os._exit(1)

    def celery_worker(self) -> None:
        from celery.signals import worker_ready

        how = ["--pool", "threads", "--concurrency", str(self.options.threads)]
        level = os.environ.get("NURSERY_LOG", "CRITICAL")
        quiet = ["--loglevel", level, "--without-gossip", "--without-mingle", "--without-heartbeat"]
        name = ["--hostname", f"w{self.born}@here", "--queues", "mail,provision"]

        def tell(**_):
            os.write(self.says_ready, f"{os.getpid()}\n".encode())

        worker_ready.connect(tell, weak=False)
        self.app.worker_main(["--quiet", "worker", *how, *name, *quiet])

    def plain_worker(self) -> None:
        threads = [threading.Thread(target=self.toil) for _ in range(self.options.threads // 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def toil(self) -> None:
        """Slices for ever. What a slice raises (the database is away) ends the slice, as it ends a task."""
        from tenants import bells, directory

        names = self.options.workspaces.split(",")
        while True:
            try:
                workspace = directory.by_slug(random.choice(names))
                bells.work_slice(random.choice(("send", "send", "sync", "react")), workspace)
            except Exception:  # noqa: BLE001  Celery's worker lives on whatever its task raised; what it did is counted at the server
                time.sleep(0.2)

    def kill(self, *pids: int) -> None:
        for pid in list(pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self.children.pop(pid, None)

    def bury(self) -> None:
        for pid in list(self.children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.children[pid]

    def note(self, moment: str) -> None:
        with self.options.notes.open("ab", buffering=0) as file:
            file.write(moment.encode() + b"\n")


if __name__ == "__main__":
    main()
