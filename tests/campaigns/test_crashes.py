"""Workers that die: by kill -9, at any statement, and such as come back late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count

import pytest
from django.db import connections
from django.utils import timezone

from audit.actors import Actor
from campaigns.models import Draft, Enrollment, Stage, StageRun, Verdict
from campaigns.pipeline import ASKING, pipeline_slice
from tenants.binding import bound
from tests.campaigns.world import begun
from tests.paths import ROOT
from tests.world import olga


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


LEADS = 12
WORKER = """
import django
django.setup()
from campaigns.pipeline import pipeline_slice
from tenants import directory
from tenants.binding import bound
with bound(directory.by_host("acme.localhost")):
    pipeline_slice()
"""


def test_a_killed_worker_loses_no_lead_and_no_recorded_call_is_paid_twice(world, by, server):
    """Guards that a call's row and its lead's move are one commit, and that a lease gives a lead back."""
    server.latency = 0.3
    with bound(world.acme):
        begun(by, server.url, leads=LEADS)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "paitho.settings"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)
    with bound(world.acme):
        while StageRun.objects.count() < 10 and worker.poll() is None:
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert Enrollment.objects.filter(stage__in=ASKING).exists(), "It was killed too late."
        Enrollment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    server.latency = 0.0
    with bound(world.acme):
        while Enrollment.objects.filter(stage__in=ASKING).exists():
            pipeline_slice()
        assert Counter(Enrollment.objects.values_list("stage", flat=True)) == {Stage.IN_REVIEW: LEADS}
        calls = Counter(StageRun.objects.values_list("enrollment", "stage"))
        assert len(calls) == 3 * LEADS
        assert set(calls.values()) == {1}
        assert Draft.objects.count() == LEADS
    unrecorded = len(server.journal) - 3 * LEADS
    assert 0 <= unrecorded <= 50, "Only what was under way at a kill is asked again."


class Killed(BaseException):
    """The worker is gone, as by kill -9: whatever its transaction had not committed is undone."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """The worker dies before this statement of its session, if it comes to it."""
    seen = count(1)

    def execute(run, sql, params, many, context):
        if next(seen) == statement:
            raise Killed
        return run(sql, params, many, context)

    with suppress(Killed), connections["default"].execute_wrapper(execute):
        yield


CALLS = {Stage.ENROLLED: 0, Stage.QUALIFYING: 0, Stage.DRAFTING: 1, Stage.AUDITING: 2, Stage.IN_REVIEW: 3}
DRAFTS = {Stage.AUDITING: [Verdict.PENDING], Stage.IN_REVIEW: [Verdict.IN_REVIEW]}


def test_a_worker_may_die_at_any_statement(world, by, server):
    """Guards the one commit of call, draft and move: a lead is where its recorded calls brought it."""
    with bound(world.acme):
        begun(by, server.url, leads=4)
        kills = 0
        while Enrollment.objects.filter(stage__in=ASKING).exists():
            kills += 1
            with killed_at(kills):
                pipeline_slice()
            for lead in Enrollment.objects.prefetch_related("stage_runs", "drafts"):
                assert len(lead.stage_runs.all()) == CALLS[lead.stage], f"killed at {kills}: {lead}"
                assert [draft.verdict for draft in lead.drafts.all()] == DRAFTS.get(lead.stage, []), kills
            Enrollment.objects.update(lease_until=None)  # the leases have ended

        assert kills > 20, "It died at each statement of a slice, one after the other."
        calls = Counter(StageRun.objects.values_list("enrollment", "stage"))
        assert len(calls) == 12
        assert set(calls.values()) == {1}


def test_what_a_dead_worker_holds_is_not_asked_about_before_its_lease_ends(world, by, server):
    with bound(world.acme):
        begun(by, server.url, leads=3)
        held = timezone.now() + timedelta(minutes=4)
        Enrollment.objects.update(stage=Stage.QUALIFYING, lease_until=held)

        due = pipeline_slice()

        assert server.journal == []
        assert due == held


def test_an_answer_that_comes_after_the_lease_changed_hands_is_recorded_and_moves_nothing(
    world, by, server, monkeypatch
):
    """Guards the lease in `TAKE_TURNS`: without it a late answer would be taken for the second worker's."""
    server.latency = 0.2
    with bound(world.acme):
        begun(by, server.url, leads=1)
        from campaigns import pipeline

        real = pipeline.settle

        def late(answered, throttle):
            Enrollment.objects.update(lease_until=timezone.now() + timedelta(minutes=9))
            return real(answered, throttle)

        monkeypatch.setattr(pipeline, "settle", late)
        pipeline_slice()

        assert StageRun.objects.count() == 1
        assert Enrollment.objects.get().stage == Stage.QUALIFYING
