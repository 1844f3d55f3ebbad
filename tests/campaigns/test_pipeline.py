"""The pipeline under load and trouble: pace, leases, stops, kills, budgets, and who goes first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from audit.actors import Actor
from campaigns import actions, approval
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Verdict
from campaigns.pace import START, Pace
from campaigns.pipeline import ASKING, pipeline_slice
from campaigns.queries.review import Filter, clean_ids
from campaigns.throttle import Crew, Throttle
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from mailbox.models import Message
from tenants.binding import bound
from tests.campaigns.llm.test_injection import ORDERS, obey
from tests.campaigns.world import BRIEF
from tests.mail_world import a_lead, a_mailbox
from tests.paths import ROOT
from tests.servers.llm import LlmServer, Reply
from tests.world import olga

LEADS = 30
WORKER = """
import django
django.setup()
from campaigns.pipeline import pipeline_slice
from tenants import directory
from tenants.binding import bound
with bound(directory.by_host("acme.localhost")):
    pipeline_slice()
"""


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


@pytest.fixture
def server():
    found = LlmServer("compatible")
    found.url = found.start()
    yield found
    found.stop()


def begun(by: Actor, url: str, *, leads: int = LEADS, companies: list[str] | None = None) -> Campaign:
    """A running campaign that asks the server."""
    writer = Credential(kind=Kind.COMPATIBLE, label="Local", secret=Secret("k"), endpoint=url)
    writer.save()
    names = companies or [f"Firm {number}" for number in range(leads)]
    for number, name in enumerate(names):
        a_lead(f"p{number}@firm{number}.test", first_name="James", company=name)
    plan = actions.Plan("Looms", BRIEF, writer, [a_mailbox()], writer_model="local", token_budget=10**9)
    campaign = actions.create(plan, by=by)
    actions.launch(campaign, by=by)
    return campaign


def test_a_killed_worker_loses_no_lead_and_no_recorded_call_is_paid_twice(world, by, server):
    """Guards that a call's row and its lead's move are one commit, and that a lease gives a lead back."""
    server.latency = 0.3
    with bound(world.acme):
        begun(by, server.url)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "paitho.settings"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)
    with bound(world.acme):
        while StageRun.objects.count() < 12 and worker.poll() is None:
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


def test_a_claim_takes_no_more_than_it_was_allowed(world, by, server):
    """Guards the CTE of the claim: as a sub-select its LIMIT holds for each row, and all are taken."""
    from campaigns.pipeline import _claim

    with bound(world.acme):
        campaign = begun(by, server.url)

        assert [len(_claim(campaign.writer_id, room)) for room in (3, 4, 100, 100)] == [3, 4, LEADS - 7, 0]


def test_a_limit_stops_every_call_of_the_key_for_as_long_as_it_says(world, by, server):
    server.always = Reply(status=429, body="", headers={"Retry-After": "120"})
    with bound(world.acme):
        campaign = begun(by, server.url)

        due = pipeline_slice()
        asked = len(server.journal)
        pipeline_slice()

        assert 0 < asked <= START
        assert len(server.journal) == asked
        assert due > timezone.now() + timedelta(seconds=110)
        assert Throttle().pace(campaign.writer_id).limit < START
        words = Enrollment.objects.exclude(problem="").first().problem
        assert "limits how fast this key may ask. Paitho tries again by itself in 2 minutes." in words


def test_a_provider_that_is_down_pauses_the_campaign_and_loses_no_lead(world, by, server):
    server.always = Reply(status=500, body="")
    with bound(world.acme):
        campaign = begun(by, server.url, leads=5)
        for _ in range(12):
            pipeline_slice()
            Enrollment.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        campaign.refresh_from_db()

        assert campaign.status == Status.PAUSED
        assert campaign.problem.endswith("(500). Resume the campaign when that is over.")
        assert {each.stage for each in Enrollment.objects.all()} == {Stage.QUALIFYING}

        server.always = None
        cache.delete(f"pace:{campaign.writer_id}")
        actions.launch(campaign, by=by)
        pipeline_slice()
        assert {each.stage for each in Enrollment.objects.all()} == {Stage.IN_REVIEW}


def test_a_pause_lets_what_is_under_way_end_and_asks_nothing_more(world, by, server):
    with bound(world.acme):
        campaign = begun(by, server.url)
        actions.pause(campaign, by=by)
        pipeline_slice()
        assert server.journal == []

        actions.launch(campaign, by=by)
        pipeline_slice()

        assert Enrollment.objects.filter(stage=Stage.IN_REVIEW).count() == LEADS
        actions.pause(campaign, by=by)
        actions.launch(campaign, by=by)
        pipeline_slice()
        assert len(server.journal) == 3 * LEADS, "Resuming asks nothing again."


def test_a_lead_that_was_stopped_while_it_was_asked_about_stays_stopped(world, by, server):
    server.latency = 0.3
    with bound(world.acme):
        campaign = begun(by, server.url, leads=2)
        Enrollment.objects.update(stage=Stage.AUDITING, fit="yes")
        for enrollment in Enrollment.objects.all():
            Draft(enrollment=enrollment, step=1, subject="Hi", body="Hello James.").save()
        from campaigns import pipeline

        real, stopped = pipeline._claim, []

        def claim(key, room):
            found = real(key, room)
            if found and not stopped:
                stopped.append(True)
                actions.stop_campaign(campaign, by=by)
            return found

        pipeline._claim = claim
        try:
            pipeline_slice()
        finally:
            pipeline._claim = real

        assert {each.stage for each in Enrollment.objects.all()} == {Stage.STOPPED}
        assert {each.verdict for each in Draft.objects.all()} == {Verdict.PENDING}
        assert StageRun.objects.count() == 2


def test_who_is_further_along_goes_first(world, by, server):
    """So that review can begin while others still wait for their first call."""
    with bound(world.acme):
        campaign = begun(by, server.url, leads=16)
        cache.set(f"pace:{campaign.writer_id}", asdict(Pace(limit=3, fell_at=1)))
        pipeline_slice()
        order = list(StageRun.objects.order_by("pk").values_list("stage", flat=True))

    assert order.index(Stage.AUDITING) < len(order) - 1 - order[::-1].index(Stage.QUALIFYING)


def test_the_process_is_shared_evenly_by_the_workspaces_it_works_for():
    crew = Crew(100)
    with crew.slice():
        assert crew.share() == 50
        with crew.slice(), crew.slice(), crew.slice():
            assert crew.share() == 25
        assert crew.share() == 50


class Obedient(LlmServer):
    """A writer that does what a lead's company field orders, and an auditor that finds nothing wrong."""

    def _default(self, seen):
        text = seen.json["messages"][-1]["content"]
        if '"paragraphs"' in seen.body.decode():
            for order, _ in ORDERS:
                if f"“{order}”" in text or order[:12] in text:
                    from tests.servers import llm_openai

                    return Reply(body=llm_openai.completion(obey(order)))
        return super()._default(seen)


def test_no_draft_leaves_when_the_model_obeys_the_leads_company_field(world, by):
    """The whole way: the writer obeys and the auditor is fooled, yet nothing is clean and nothing is sent."""
    server = Obedient("compatible")
    plain = [order for order, _ in ORDERS if "\n" not in order and order.isascii() and "<" not in order]
    try:
        with bound(world.acme):
            begun(by, server.start(), companies=plain)
            pipeline_slice()
            drafts = list(Draft.objects.all())
            approval.approve_many(clean_ids(Filter()), by=by)

            assert len(drafts) == len(plain) > 15
            assert [draft.body for draft in drafts if draft.is_clean] == []
            assert all(draft.findings for draft in drafts)
            assert not Message.objects.exists()
    finally:
        server.stop()
