"""The pipeline under load and trouble: pace, stops, pauses, and who goes first."""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from audit.actors import Actor
from campaigns import actions
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Verdict
from campaigns.pace import MOST, START, Pace
from campaigns.pipeline import pipeline_slice
from campaigns.throttle import Crew, Throttle
from paitho.lib.leaving import leaving
from tenants.binding import bound
from tests.campaigns.world import LEADS, begun
from tests.servers.llm import Reply
from tests.world import olga


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


def test_a_claim_takes_no_more_than_it_was_allowed(world, by, server):
    """Guards the CTE of the claim: as a sub-select its LIMIT holds for each row, and all are taken."""
    from campaigns.asking import Campaigns
    from campaigns.pipeline import _claim

    with bound(world.acme):
        campaign = begun(by, server.url)

        taken = [len(_claim(campaign.writer_id, room, Campaigns())) for room in (3, 4, 100, 100)]
        assert taken == [3, 4, LEADS - 7, 0]


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


def at_full_speed(campaign: Campaign) -> None:
    cache.set(f"pace:{campaign.writer_id}", asdict(Pace(limit=MOST)))


def test_at_full_speed_no_more_are_asked_at_once_than_a_key_ever_bears(world, by, server):
    server.latency = 0.1
    with bound(world.acme):
        at_full_speed(begun(by, server.url, leads=90))

        pipeline_slice()

        assert Enrollment.objects.filter(stage=Stage.IN_REVIEW).count() == 90
    assert server.most_active <= MOST


def test_what_waits_for_a_free_thread_is_not_asked_once_the_key_is_to_slow_down(world, by, server):
    """Guards `spared`: without it the calls that wait in the pool go out after the provider said stop."""
    server.always = Reply(status=429, body="", headers={"Retry-After": "120"}, first_byte_after=0.5)
    with bound(world.acme):
        at_full_speed(begun(by, server.url, leads=90))

        pipeline_slice()

        assert len(server.journal) <= MOST
        assert not Enrollment.objects.filter(lease_until__isnull=False).exists()
        assert Enrollment.objects.filter(stage=Stage.QUALIFYING, problem="").count() >= 5


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


def test_a_model_that_does_not_exist_pauses_the_campaign_and_fails_no_lead(world, by, server):
    server.always = Reply(status=404, body={"error": {"message": "x", "code": "model_not_found"}})
    with bound(world.acme):
        campaign = begun(by, server.url, leads=5)

        pipeline_slice()

        campaign.refresh_from_db()
        assert campaign.status == Status.PAUSED
        assert "does not offer the model local to this key. Choose another model." in campaign.problem
        assert {each.stage for each in Enrollment.objects.all()} == {Stage.QUALIFYING}


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


def test_a_worker_that_is_told_to_stop_ends_its_calls_and_asks_nothing_more(world, by, server):
    server.latency = 0.3
    with bound(world.acme):
        begun(by, server.url)
        leave = threading.Timer(0.2, leaving.set)
        leave.start()
        try:
            pipeline_slice()
        finally:
            leave.join()
            leaving.clear()

        assert len(server.journal) == StageRun.objects.count() < 3 * LEADS
        assert not Enrollment.objects.filter(lease_until__isnull=False).exists()


def test_a_lead_that_was_stopped_while_it_was_asked_about_stays_stopped(world, by, server):
    server.latency = 0.3
    with bound(world.acme):
        campaign = begun(by, server.url, leads=2)
        Enrollment.objects.update(stage=Stage.AUDITING, fit="yes")
        for enrollment in Enrollment.objects.all():
            Draft(enrollment=enrollment, step=1, subject="Hi", body="Hello James.").save()
        from campaigns import pipeline

        real, stopped = pipeline._claim, []

        def claim(*wanted):
            found = real(*wanted)
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
