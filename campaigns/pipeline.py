"""Qualify, draft, audit: claims due leads, asks many at once, settles each answer as it comes.

A slice claims leads by lease, as many as their keys bear, sends their calls through threads that touch
nothing but the network, and writes each outcome from this thread in a transaction of its own. A worker
that dies leaves leases that end; a call that was recorded is never paid for again, since its row and the
lead's move are one commit.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, Min
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from campaigns.asking import Campaigns, Question, questions
from campaigns.budget import Purse
from campaigns.consequences import settle
from campaigns.limits import next_resumption, pause_at_limit, resume_what_waited
from campaigns.llm import edge
from campaigns.llm.edge import Outcome
from campaigns.models import Campaign, Enrollment, Stage, Status, Step
from campaigns.pace import MOST
from campaigns.reach import address_of
from campaigns.stages import move
from campaigns.throttle import CREW, Throttle
from paitho.lib.leaving import leaving
from tenants import directory, keys
from tenants.binding import current
from tenants.errors import KeysUnavailable
from tenants.models import State

SLICE_SECONDS = 20.0
LONGEST_SECONDS = 120.0  # of a slice while the process has room for others; well within a bell's lease
TURN_SECONDS = 5.0  # after which a slice looks again at what people may have changed
HELD_SECONDS = 120.0
TOGETHER = 10  # calls that are claimed, and that are written down, in one transaction
LEASE = timedelta(minutes=5)
STEPS_AT_ONCE = 200
AHEAD = 15  # calls that wait in the pool for its next free thread
FEW = 5  # while some wait there, fewer are neither claimed nor written down by themselves
MOMENT = 0.1  # seconds
UNWRITTEN = 25  # answers that a kill may lose, besides those of the calls under way
ASKING = [Stage.ENROLLED, Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING]
# The key that is asked next: the auditor's for an audit where there is one, else the writer's. The rows are
# chosen in a CTE: as a sub-select of the update PostgreSQL may run it once a row, past its LIMIT.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT e.id FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id
        WHERE e.stage IN ('enrolled', 'qualifying', 'drafting', 'auditing')
          AND e.due_at <= now() AND (e.lease_until IS NULL OR e.lease_until < now())
          AND c.status = 'running'
          AND CASE e.stage WHEN 'auditing' THEN coalesce(c.auditor_id, c.writer_id) ELSE c.writer_id END
              = %(key)s
        ORDER BY e.due_at LIMIT %(room)s FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE enrollments e
    SET lease_until = now() + make_interval(secs => %(lease)s),
        stage = CASE e.stage WHEN 'enrolled' THEN 'qualifying' ELSE e.stage END
    FROM due WHERE e.id = due.id
    RETURNING e.id
"""


def pipeline_slice() -> datetime | None:
    """Some seconds of calls for the bound workspace; due again when there is more.

    To end a slice is to wait for its last calls while nothing new is asked, so one goes on for longer
    where no other workspace needs its place.
    """
    with desk() as asking:
        began = time.monotonic()
        while True:
            asking.collect()
            if _has_time(time.monotonic() - began):
                asking.look_again()
                asking.start()
            if not asking.waiting and not asking.ended:
                break
            asking.write()
    return _next_due(asking.throttle)


def _has_time(seconds: float) -> bool:
    """Whether something new may be asked, so many seconds after the slice began."""
    return not leaving.is_set() and seconds < (LONGEST_SECONDS if CREW.is_roomy() else SLICE_SECONDS)


class Desk:
    """What one slice has under way: which call is whose, what it may cost, how fast its key is asked.

    What has ended is replaced by new calls before it is written down, and both go a few at a time: so the
    time of the one is hidden in the waiting of the other.
    """

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.waiting: dict[Future[Outcome | None], tuple[Question, float]] = {}
        self.ended: deque[tuple[Question, Outcome]] = deque()
        self.throttle, self.purse, self.campaigns = Throttle(), Purse(), Campaigns()
        self.keys: list[UUID] = []
        self.spared: set[UUID] = set()  # keys in trouble, while calls wait in the pool
        self._look_at = 0.0

    def look_again(self) -> None:
        """Every few seconds: whose wait is over, which campaigns run with which keys, what may be spent.

        A workspace that was closed meanwhile has no keys to ask with.
        """
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + TURN_SECONDS
        if not self._can_seal():
            self.keys = []
            return
        resume_what_waited()
        begin_next_steps()
        self.keys = _keys() if directory.by_id(current().id).state == State.ACTIVE else []
        self.purse, self.campaigns = Purse(), Campaigns()
        under_way = [asked for asked, _ in [*self.waiting.values(), *self.ended]]
        for asked in under_way:
            self.purse.set_aside(asked.enrollment.campaign, asked.call)

    def _can_seal(self) -> bool:
        """Whether answers can be written down for long enough; what is under way was held before."""
        try:
            keys.hold(current().id, HELD_SECONDS)
        except KeysUnavailable:
            if self.waiting or self.ended:
                return False
            raise
        return True

    def start(self) -> None:
        """Claim and ask as much as the keys, the budgets and the process allow."""
        if len(self.waiting) <= int(MOST):  # none waits in the pool
            self.spared.clear()
        for key in self.keys:
            while (room := self._room(key)) > 0:
                claimed = _claim(key, min(room, TOGETHER), self.campaigns)
                for asked in self._affordable(claimed):
                    future = self.pool.submit(self._ask, asked)
                    self.waiting[future] = asked, self.throttle.begin(key)
                if len(claimed) < TOGETHER:
                    break

    def _room(self, key: UUID) -> int:
        """How many more calls may be handed to the pool for this key.

        Where every thread of the pool may ask, a few more wait in it: a thread that is done takes the next at
        once, and not when we come to it. Where answers come faster than they are written, writing goes first.
        """
        if len(self.ended) > UNWRITTEN:
            return 0
        if CREW.share() == int(MOST) and self.throttle.is_at_full_speed(key):
            room = int(MOST) + AHEAD - len(self.waiting)
            return room if room >= FEW else 0
        return min(self.throttle.room(key), CREW.share() - len(self.waiting))

    def collect(self) -> None:
        """Take in the calls that have ended; wait for one, or for a few while the pool has enough to do."""
        self._take_in()
        moment = time.monotonic() + MOMENT
        while self.waiting and len(self.ended) < (FEW if len(self.waiting) > int(MOST) else 1):
            seconds = MOMENT if self.ended else 1.0
            if not wait(self.waiting, timeout=seconds, return_when=FIRST_COMPLETED).done:
                break
            self._take_in()
            if time.monotonic() > moment:
                break

    def _take_in(self) -> None:
        for future in [future for future in self.waiting if future.done()]:
            (asked, sent_at), outcome = self.waiting.pop(future), future.result()
            if outcome is None:
                self._take_back(asked)
                continue
            self.throttle.end(asked.key, outcome, sent_at)
            self.ended.append((asked, outcome))

    def _ask(self, asked: Question) -> Outcome | None:
        """In a thread of the pool: ask, or leave it where another's outcome says to spare the key."""
        if asked.key in self.spared:
            return None
        outcome = edge.ask(asked.call, resolve=address_of)
        if outcome.may_retry:
            self.spared.add(asked.key)
        return outcome

    def _take_back(self, asked: Question) -> None:
        self.throttle.drop(asked.key)
        self.purse.take_back(asked.enrollment.campaign, asked.call)
        Enrollment.objects.filter(pk=asked.enrollment.pk).update(lease_until=None)

    def write(self) -> None:
        """Write down some of the calls that have ended."""
        some = [self.ended.popleft() for _ in range(min(TOGETHER, len(self.ended)))]
        for asked, run in settle(some, self.throttle) if some else []:
            self.purse.settle(asked.enrollment.campaign, asked.call, run)

    def _affordable(self, claimed: list[Question]) -> list[Question]:
        """The questions that the budgets allow; the others wait, and their campaign says why."""
        allowed = []
        for asked in claimed:
            campaign = asked.enrollment.campaign
            if over := self.purse.reserve(campaign, asked.call):
                pause_at_limit(campaign, over)
                Enrollment.objects.filter(pk=asked.enrollment.pk).update(lease_until=None)
            else:
                allowed.append(asked)
        return allowed


@contextmanager
def desk() -> Iterator[Desk]:
    with CREW.slice(), ThreadPoolExecutor(int(MOST), thread_name_prefix="llm") as pool:
        asking = Desk(pool)
        try:
            yield asking
        finally:
            asking.throttle.keep()


def _keys() -> list[UUID]:
    """The keys of the campaigns that run."""
    pairs = Campaign.objects.filter(status=Status.RUNNING).values_list("writer", "auditor")
    return sorted({key for pair in pairs for key in pair if key is not None})


def _claim(key: UUID, room: int, campaigns: Campaigns) -> list[Question]:
    with connections["default"].cursor() as cursor:
        cursor.execute(CLAIM, {"lease": LEASE.total_seconds(), "key": key, "room": room})
        ids = [uid for (uid,) in cursor.fetchall()]
    return questions(ids, campaigns) if ids else []


def _next_due(throttle: Throttle) -> datetime | None:
    """When there is something to do again: what a dead worker has leased, or a key that waits, is not."""
    running = Enrollment.objects.filter(campaign__status=Status.RUNNING, due_at__isnull=False)
    free_at = Greatest("due_at", Coalesce("lease_until", "due_at"))
    asking = running.filter(stage__in=ASKING).values_list(
        Coalesce("campaign__auditor", "campaign__writer"), "campaign__writer", "stage"
    )
    dues = [
        max(due, throttle.paused_until(auditor if stage == Stage.AUDITING else writer))
        for auditor, writer, stage, due in asking.annotate(due=Min(free_at))
    ]
    waiting = running.filter(stage=Stage.SENT).aggregate(due=Min(F("due_at")))["due"]
    others = [moment for moment in (waiting, next_resumption()) if moment]
    return min([*dues, *others], default=None)


@transaction.atomic
def begin_next_steps() -> None:
    """Leads whose wait since the last mail is over get the next step's draft, where there is one."""
    due = Enrollment.objects.filter(
        stage=Stage.SENT, due_at__lte=timezone.now(), campaign__status=Status.RUNNING
    ).select_for_update(skip_locked=True, of=("self",))[:STEPS_AT_ONCE]
    for enrollment in due:
        if Step.objects.filter(campaign=enrollment.campaign_id, number=enrollment.step + 1).exists():
            move(enrollment, Stage.DRAFTING, step=enrollment.step + 1, due_at=timezone.now())
        else:
            Enrollment.objects.filter(pk=enrollment.pk, stage=Stage.SENT).update(due_at=None)
