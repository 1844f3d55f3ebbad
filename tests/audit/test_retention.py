"""Nothing is kept too long: 90 days, 12 months, and a report of each run. These tests travel in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from accounts.models import Session
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow, RetentionRun
from audit.retention import retention_slice
from campaigns.models import StageRun
from leads.models import Bulk, Import, ImportPart, ImportReject
from paitho.lib.ids import uuid7
from tenants.binding import bound
from tests.campaigns.world import a_call
from tests.leads.test_import import SHEET, begin
from tests.world import client_of, olga, work

BY = Actor(None, "Olga")


def in_days(days: float):
    """The product's clock, moved; the database's own stays where it is."""
    return mock.patch("django.utils.timezone.now", return_value=datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def call(world) -> StageRun:
    olga(world)
    with bound(world.acme):
        return a_call(BY)


def test_a_models_log_is_whole_until_the_90th_day_and_then_only_counts(world, call):
    with bound(world.acme):
        with in_days(89.9):
            retention_slice()
        assert StageRun.objects.get().prompt == "Write an email."
        with in_days(90.1):
            retention_slice()

        run = StageRun.objects.get()
    assert (run.prompt, run.response, run.enrollment_id) == (None, None, None)
    assert (run.input_tokens, run.output_tokens, run.campaign_id) == (900, 80, call.campaign_id)
    assert run.anonymised_at is not None


def test_a_run_leaves_a_report_and_a_line(world, call):
    with bound(world.acme):
        with in_days(91):
            retention_slice()

        report = RetentionRun.objects.get().report
        line = AuditRow.objects.get(event=Event.RETENTION_RAN).details["data"]
    rule = "Logs of model calls: texts of 90 days and more"
    assert report[rule] == 1
    assert "Sessions that ended" in report
    assert line == {rule: 1}


def test_many_logs_go_in_slices(world, call, monkeypatch):
    monkeypatch.setattr("campaigns.retention.AT_ONCE", 2)
    with bound(world.acme):
        for _ in range(4):
            a_call(BY)
        with in_days(91):
            assert retention_slice() is not None
            assert retention_slice() is not None
            assert retention_slice() is None

        assert not StageRun.objects.filter(anonymised_at=None).exists()


def test_sessions_and_files_end(world):
    client_of(world.acme, olga(world))
    with bound(world.acme):
        begin(SHEET)
    work()
    with bound(world.acme):
        import io

        from leads.actions import upload

        upload(io.BytesIO(SHEET), "waits.csv", len(SHEET), by=BY)
        with in_days(6):
            retention_slice()
        assert (Session.objects.count(), ImportPart.objects.count() > 0) == (1, True)
        with in_days(15):
            retention_slice()
        assert (Session.objects.count(), ImportPart.objects.count(), Import.objects.count()) == (0, 0, 1)
        assert ImportReject.objects.exists()
        with in_days(91):
            retention_slice()
        assert not ImportReject.objects.exists()


def test_a_bulk_action_is_forgotten_90_days_after_it_ended(world):
    """One that still runs is not: its order is what it works by."""
    olga(world)
    with bound(world.acme):
        for finished in (None, datetime.now(UTC)):
            Bulk(action="delete", choice={"ids": []}, until=uuid7(), actor={}, finished_at=finished).save()
        with in_days(89):
            retention_slice()
        assert Bulk.objects.count() == 2
        with in_days(91):
            retention_slice()

        assert Bulk.objects.get().finished_at is None


def test_the_key_of_a_month_goes_when_the_databases_clock_says_so(world, call, superuser):
    """Guards the key: no clock of a web process can shred it early."""
    keys = "SELECT version FROM public.wrapped_keys WHERE workspace_id = %s AND purpose = 'llm'"
    with bound(world.acme), in_days(400):
        retention_slice()
    assert len(superuser.execute(keys, [world.acme.id]).fetchall()) == 1
    old = int((datetime.now(UTC) - timedelta(days=130)).strftime("%Y%m"))
    superuser.execute(
        "INSERT INTO public.wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)"
        " VALUES (%s, 'llm', %s, 'x', '', now())",
        [world.acme.id, old],
    )

    from tenants import keys as held

    held.forget(world.acme.id)
    with bound(world.acme):
        retention_slice()

    assert (old,) not in superuser.execute(keys, [world.acme.id]).fetchall()


def test_the_bell_rings_again_the_next_day(world):
    from tenants import bells

    with bound(world.acme):
        bells.ring("retention")
    work()

    with bound(world.acme):
        assert RetentionRun.objects.count() == 1
