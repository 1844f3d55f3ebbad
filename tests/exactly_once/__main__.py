"""The run: `python -m tests.exactly_once [--sends 10000]`. Its last line is JSON; 0 only if all is well."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests import environment
from tests.exactly_once.deaths import MOMENTS
from tests.exactly_once.hurry import hurry


def main() -> int:
    options = parse()
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    servers = environment.start_servers(durable=True)
    import django

    django.setup()
    hurry(options.pace)
    from tests.exactly_once.stage import running_provider

    with running_provider(servers.home, options.seed) as provider:
        return Run(options, servers, *provider).play()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--kill-every", type=float, default=4, help="seconds between two kills at random")
    parser.add_argument("--chance", type=float, default=0.002, help="of dying at each of the worst moments")
    parser.add_argument("--pace", type=float, default=2, help="stretches every period of the engine")
    parser.add_argument("--seed", default="paitho")
    parser.add_argument("--minutes", type=float, default=90, help="give up after")
    parser.add_argument("--naive", action="store_true", help="the wrong pattern: must show duplicates")
    return parser.parse_args()


class Run:
    def __init__(self, options, servers, smtp_port, dovecot, ledger) -> None:
        self.options, self.servers = options, servers
        self.smtp_port, self.dovecot, self.ledger = smtp_port, dovecot, ledger
        self.notes: Path = servers.home / "deaths"
        self.notes.touch()
        self.doubted: set = set()
        self.asked: set = set()
        self.done: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.workspaces: list = []
        self.nursery: subprocess.Popen[str]

    # --- the play ---

    def play(self) -> int:
        from tests.exactly_once.stage import approved_mail, prepare_database
        from tests.world import make_workspace

        began = time.monotonic()
        prepare_database()
        self.workspaces = [make_workspace("acme"), make_workspace("rival")]
        half = self.options.sends // 2
        for workspace, count in zip(self.workspaces, (self.options.sends - half, half), strict=True):
            approved_mail(workspace, count, self.smtp_port, self.dovecot.port)
        self.say(f"{self.options.sends} mails are approved ({time.monotonic() - began:.0f} s)")
        self.start_nursery()
        try:
            self.acts()
        finally:
            self.nursery.stdin.close()
            self.nursery.wait(30)
        if not self.options.naive:
            self.race()
        return self.verdict()

    def acts(self) -> None:
        """Faults at parts of the way: the broker emptied, the database restarted, a backup restored."""
        self.tell("go")
        plan = [
            (0.15, self.flush_broker), (0.25, self.restart_database), (0.35, self.back_up),
            (0.55, self.flush_broker), (0.60, self.restore), (0.75, self.restart_database),
            (0.90, self.flush_broker),
        ]  # fmt: skip
        if self.options.naive:
            plan = []
        until = time.monotonic() + 60 * self.options.minutes
        shown = next_turn = 0.0
        word = "go"
        while time.monotonic() < until and not self.is_over():
            now = time.monotonic()
            if plan and self.accepted() >= plan[0][0] * self.options.sends:
                plan.pop(0)[1]()
            if now >= next_turn:
                next_turn = now + 0.5
                self.ring()
                self.look()
                is_sending = not self.states or self.states.keys() & {"scheduled", "sending"}
                if word != ("go" if is_sending else "calm"):
                    word = "go" if is_sending else "calm"  # what is left is looked for in Sent
                    self.tell(word)
            if now - shown > 5:
                shown = now
                states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
                self.say(f"{self.accepted()} at the server; {states}")
            time.sleep(0.05)

    def is_over(self) -> bool:
        """Nothing scheduled, under way or doubtful, as far as was seen at the latest look."""
        return bool(self.states) and not self.states.keys() - {"sent", "failed", "cancelled"}

    def ring(self) -> None:
        """What beat does, in a hurry; and each task also comes twice, as a broker may have it."""
        from celery import current_app

        from tenants.tasks import send_work

        with suppress(Exception):  # the broker may be away: rows are the queue
            for kind in ("send", "sync"):
                for workspace in self.workspaces:
                    if self.backlog() < 40:
                        send_work(kind, workspace)
            current_app.send_task("tenants.tick", queue="provision", expires=5)

    def backlog(self) -> int:
        from paitho.celery import app

        with app.connection_for_write() as connection:
            client = connection.default_channel.client
            return max(client.llen(f"eu:{queue}") + client.llen(queue) for queue in ("mail", "provision"))

    def look(self) -> None:
        """See where everything stands, note what is doubtful, and answer what a person is asked."""
        from django.db import Error

        states: Counter[str] = Counter()
        try:
            for workspace in self.workspaces:
                states += self.look_into(workspace)
        except Error:  # it is being restarted
            self.close_all()
            return
        self.states = states

    def look_into(self, workspace) -> Counter[str]:
        from django.db.models import Count

        from audit.actors import SYSTEM
        from mailbox.actions import Doubt, settle_doubt
        from mailbox.filing import LOOKS
        from mailbox.models import Delivery, Message
        from tenants.binding import bound

        with bound(workspace):
            doubtful = Message.objects.filter(delivery=Delivery.UNCERTAIN).select_related("mailbox")
            for message in doubtful.defer("raw", "body"):
                self.doubted.add(message.pk)
                if message.looks >= LOOKS and message.filed_at is None:
                    settle_doubt(message, Doubt.AGAIN, by=SYSTEM)
                    self.asked.add(message.pk)
            counted = Message.objects.order_by().values_list("delivery").annotate(Count("pk"))
            return Counter(dict(counted))

    # --- the faults ---

    def flush_broker(self) -> None:
        from paitho.celery import app

        with app.connection_for_write() as connection:
            connection.default_channel.client.flushall()
        self.note("the broker was emptied")

    def restart_database(self) -> None:
        """Stopped as if it had crashed; the workers find it gone in the middle of whatever they do."""
        import signal

        self.servers.cluster.process.send_signal(signal.SIGQUIT)
        self.servers.cluster.process.wait(60)
        self.servers.cluster.stop()
        self.servers.cluster.start()
        self.note("the database crashed and came back")

    def back_up(self) -> None:
        """A snapshot of the whole database server, as hosting companies make them."""
        self.tell("stop")
        self.close_all()
        self.servers.cluster.stop()
        copy = ["cp", "-a", "--", str(self.servers.cluster.data), str(self.servers.home / "snapshot")]
        subprocess.run(copy, check=True)
        self.servers.cluster.start()
        self.tell("go")
        self.note("a snapshot was made")

    def restore(self) -> None:
        """The server as it was: thousands of mails that have gone are scheduled again."""
        self.tell("stop")
        time.sleep(2 * self.options.pace)  # whatever the provider still held in hand is in its ledger now
        before = self.accepted()
        self.close_all()
        self.servers.cluster.stop()
        data = self.servers.cluster.data
        shutil.rmtree(data)
        subprocess.run(["cp", "-a", "--", str(self.servers.home / "snapshot"), str(data)], check=True)
        self.servers.cluster.start()
        from campaigns import claims

        time.sleep(claims.FRESH.total_seconds())
        self.tell("go")
        self.note(f"the old snapshot was restored, with {before} mails gone")

    def close_all(self) -> None:
        from django.db import connections

        connections.close_all()
        connections["default"].close_everything()

    def race(self) -> None:
        """Twelve workers, one row: one of them gets it."""
        import threading

        from campaigns.claims import claim
        from mailbox.models import Delivery, Mailbox, Message
        from tenants.binding import bound, close_sessions

        workspace = self.workspaces[0]
        won: list = []
        for _ in range(20):
            with bound(workspace):
                message = (
                    Message.objects.filter(delivery=Delivery.SENT).select_related("draft__enrollment").first()
                )
                mailbox = Mailbox.objects.get(pk=message.mailbox_id)
                Message.objects.filter(pk=message.pk).update(delivery="scheduled", filed_at=None)
                type(message.draft.enrollment).objects.filter(pk=message.draft.enrollment_id).update(
                    stage="scheduled"
                )
                barrier = threading.Barrier(12)

            def one(mailbox=mailbox, barrier=barrier) -> None:
                with bound(workspace):
                    barrier.wait()
                    if claim(mailbox):
                        won.append(1)
                close_sessions()

            threads = [threading.Thread(target=one) for _ in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with bound(workspace):
                Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENT, lease_until=None)
        self.done["two workers on one row: claims beyond the first"] = len(won) - 20
        assert len(won) == 20, won

    # --- the nursery ---

    def start_nursery(self) -> None:
        options = self.options
        command = [sys.executable, "-m", "tests.exactly_once.nursery", "--notes", str(self.notes)]
        command += ["--workers", str(options.workers), "--threads", str(options.threads)]
        command += ["--every", str(options.kill_every), "--chance", str(options.chance)]
        command += ["--pace", str(options.pace)]
        command += ["--workspaces", ",".join(workspace.slug for workspace in self.workspaces)]
        command += ["--naive"] if options.naive else []
        self.nursery = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.nursery.stdout.readline()

    def tell(self, word: str) -> None:
        self.nursery.stdin.write(f"{word}\n")
        self.nursery.stdin.flush()
        self.nursery.stdout.readline()

    # --- what is said ---

    def accepted(self) -> int:
        return sum(1 for line in self.ledger.open("rb"))

    def say(self, text: str) -> None:
        print(text, flush=True)

    def note(self, text: str) -> None:
        self.done[text] += 1
        self.say(f"-- {text}")

    def verdict(self) -> int:
        from mailbox.models import Delivery, Message
        from tenants.binding import bound

        ids = [json.loads(line)["id"] for line in self.ledger.open()]
        times = Counter(ids)
        rows: dict[str, str] = {}
        for workspace in self.workspaces:
            with bound(workspace):
                rows |= {str(pk): state for pk, state in Message.objects.values_list("pk", "delivery")}
        arrived = set(times) & set(rows)
        settled = {uid for uid in self.doubted if rows[str(uid)] == Delivery.SENT}
        claims_too_much = [uid for uid, state in rows.items() if state == Delivery.SENT and uid not in times]
        result = {
            "accepted": len(times),
            "duplicates": len(ids) - len(times),
            "lost": len(set(rows) - arrived),
            "uncertain": len(self.doubted),
            "reconciled": len(settled),
        }
        deaths = Counter(self.notes.read_text().splitlines())
        self.say("\nWorkers killed:")
        for moment in ("at random", *MOMENTS):
            self.say(f"  {deaths[moment]:6}  {moment}")
        for text, count in self.done.items():
            self.say(f"  {count:6}  {text}")
        self.say("Doubtful mail:")
        self.say(f"  {len(settled - self.asked):6}  found in Sent")
        self.say(f"  {len(settled & self.asked):6}  not found twice, sent again at a person's word")
        self.say(f"  {len(self.doubted - settled):6}  not settled")
        self.say(f"Marked as sent and unknown to the server: {len(claims_too_much)}")
        fates = Counter(json.loads(line)["fate"] for line in self.ledger.open())
        self.say(f"Taken by the server: {dict(fates)}\n")
        self.say(json.dumps(result))
        good = not (result["duplicates"] or result["lost"] or claims_too_much or self.doubted - settled)
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
