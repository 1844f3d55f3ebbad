"""A dry run over all of a file, in the background: its numbers are the import's, and nothing is stored."""

from __future__ import annotations

import re

import pytest

from leads.actions.imports import mapping_of, sheet_of
from leads.actions.suppression import suppress
from leads.actions.trials import begin_trial, count_in, samples_of, trial_slice
from leads.csvfile import batches
from leads.loading import Loader
from leads.models import ImportState, ImportTrial, ImportTrialSeen, Lead, Reason
from leads.profile import Policy
from leads.seen import SeenInTable
from leads.upload import kept_file
from tenants.binding import bound
from tests.leads.made import an_import, an_upload
from tests.world import client_of, olga, work


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


def a_long_file() -> bytes:
    """Longer than what is read while somebody waits, and with something of everything in its last rows."""
    rows = [f"person{n}@looms.test,Pat" for n in range(6200)]
    odd = ["person7@looms.test,Again", "nobody,X", "stop@looms.test,Stop", "known@looms.test,Known", ""]
    return "\n".join(["email,first_name", *rows, *odd, *odd]).encode()


@pytest.mark.parametrize("policy", list(Policy))
def test_the_whole_file_is_tried_in_the_background_and_the_import_brings_just_that(
    world, person, browser, policy
):
    with bound(world.acme):
        suppress("stop@looms.test", Reason.OPT_OUT)
        an_import(person, b"email\nknown@looms.test\n")
        job = an_upload(person, a_long_file())
    columns = {"use-0": "email", "use-1": "first_name", "policy": policy}
    browser.post(f"/leads/imports/{job.pk}/columns/", columns)
    waiting = browser.get(f"/leads/imports/{job.pk}/check/").content.decode()

    work()
    page = browser.get(f"/leads/imports/{job.pk}/check/").content.decode()
    with bound(world.acme):
        trial = ImportTrial.objects.get(job=job)
        kinds = [sample.reason for sample in samples_of(trial)]
        assert (Lead.objects.count(), ImportTrialSeen.objects.count()) == (1, 0)
    browser.post(f"/leads/imports/{job.pk}/check/")
    work()

    assert "Reading the whole file" in waiting
    assert "hx-get" not in page.partition('id="trial"')[2].partition(">")[0]
    assert "The whole file was read" in page
    assert len({re.sub(r"\d+", "", reason) for reason in kinds}) >= 4
    with bound(world.acme):
        job.refresh_from_db()
        assert job.state == ImportState.DONE
        for count in ("rows", "imported", "updated", "duplicates", "suppressed", "rejected", "blank"):
            assert getattr(trial, count) == getattr(job, count), count
        assert trial.rejected == 2
        assert not ImportTrial.objects.exists()


def test_a_trial_goes_on_where_a_killed_worker_left_it(world, person, monkeypatch):
    monkeypatch.setattr("leads.actions.trials.SLICE_SECONDS", 0.0)  # one batch a slice
    with bound(world.acme):
        job = an_upload(person, a_long_file())
        begin_trial(job)
        trial_slice()
        half = ImportTrial.objects.get()
        loader = Loader(job, sheet_of(job), mapping_of(job), Policy.SKIP, dry=SeenInTable(half))
        batch = next(iter(batches(kept_file(job), loader.sheet)))

        late = count_in(
            half, loader, batch, loader.prepare(batch), None
        )  # by whoever still has the beginning

        assert not late
        assert ImportTrial.objects.get().rows == half.rows
        while trial_slice():
            continue
        assert ImportTrial.objects.get().imported == 6202


def test_other_columns_or_the_import_itself_end_a_trial(world, person, browser):
    with bound(world.acme):
        job = an_upload(person, a_long_file())
        first = begin_trial(job)
        trial_slice()
    browser.post(f"/leads/imports/{job.pk}/columns/", {"use-0": "email", "use-1": "ignore", "policy": "skip"})
    with bound(world.acme):
        assert ImportTrial.objects.get(job=job).pk != first.pk
        assert not ImportTrialSeen.objects.exists()

    browser.post(f"/leads/imports/{job.pk}/check/")

    with bound(world.acme):
        assert not ImportTrial.objects.exists()
    assert browser.get(f"/leads/imports/{job.pk}/check/progress/").status_code == 200


def test_a_short_file_is_read_at_once_and_not_again(world, person):
    with bound(world.acme):
        assert begin_trial(an_upload(person)) is None
