"""Enrichment over a filter: the cost is said first, opt-in and quotas hold, answers wait for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditRow
from keychain.crypto.secret import Secret
from keychain.models import Kind
from leads.actions.enriching import begin_enriching, enrich_slice, take_next
from leads.actions.enrichment import NotOptedIn
from leads.actions.opt_ins import opt_in, opt_out
from leads.actions.suppression import suppress
from leads.models import Bulk, Enrichment, EnrichmentOptIn, Lead, Reason, Source
from tenants.binding import bound
from tests.leads.made import an_import, by
from tests.servers.enrichment import BAD, BUSY, GOOD, JANE, PAT, running
from tests.world import client_of, olga, work

PEOPLE = f"""email,first_name,last_name,company,title
{JANE},,,Looms,Buyer
{PAT},Pat,Doe,Looms,
bob@looms.test,Bob,Roe,Looms,
stop@looms.test,Sam,Poe,Looms,
""".encode()
ALL = {"action": "enrich", "scope": "all"}


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


@pytest.fixture
def directory():
    with running() as server:
        yield server


@pytest.fixture
def people(world, person):
    with bound(world.acme):
        an_import(person, PEOPLE)
        suppress("stop@looms.test", Reason.OPT_OUT)


def on(person, directory, key: str = GOOD, most: int | None = None) -> EnrichmentOptIn:
    address = f"{directory.url}/directory"
    return opt_in(Kind.DIRECTORY, Secret(key), by=by(person), endpoint=address, most_a_month=most)


def begin(person) -> Bulk:
    return begin_enriching(Source.DIRECTORY, {"filter": {}}, by=by(person))


def test_what_it_may_cost_is_said_before_anybody_is_asked(world, person, browser, people, directory):
    with bound(world.acme):
        on(person, directory, most=2)

    page = browser.post("/leads/bulk/", ALL).content.decode()

    assert "Ask about 4 leads" in page
    assert "2 of 3" in page  # three may be written to, and two questions are left this month
    assert directory.seen == []


def test_off_means_off_for_many_as_for_one(world, person, browser, people, directory):
    page = browser.post("/leads/bulk/", ALL).content.decode()
    browser.post("/leads/bulk/start/", {**ALL, "source": "directory"})
    browser.post("/leads/bulk/start/", {**ALL, "source": "apollo"})
    work()

    assert "Enrichment is off" in page
    assert directory.seen == []
    with bound(world.acme):
        assert not Bulk.objects.exists()
        with pytest.raises(NotOptedIn):
            begin(person)


def test_each_is_asked_about_once_and_the_answers_wait_for_a_person(
    world, person, browser, people, directory
):
    with bound(world.acme):
        on(person, directory)
    started = browser.post("/leads/bulk/start/", {**ALL, "source": "directory"})
    work()
    progress = browser.get(started["Location"]).content.decode()
    answers = browser.get(f"{started['Location']}answers/").content.decode()

    assert len(directory.seen) == 3  # not about the one who opted out
    assert "1 answer with something in it" in progress
    assert "in place of Buyer" in answers
    with bound(world.acme):
        lead = Lead.objects.get(pk=Enrichment.objects.get(outcome="found").lead_id)
        assert lead.email == JANE
        assert "first_name" not in lead.profile
        assert AuditRow.objects.filter(event="enrichment.asked").count() == 4  # the job, and each question
        again = browser.post("/leads/bulk/start/", {**ALL, "source": "directory"})
        work()
    assert again["Location"] == "/leads/"
    assert len(directory.seen) == 3


def test_what_is_ticked_is_taken_over_and_the_rest_waits_on(world, person, browser, people, directory):
    with bound(world.acme):
        on(person, directory)
        job = begin(person)
    work()
    with bound(world.acme):
        answer = Enrichment.objects.get(outcome="found")
    where = f"/leads/bulk/{job.pk}/answers/"

    browser.post(where, {"field": [f"{answer.pk}:first_name", "nonsense", f"{job.pk}:title"]})

    with bound(world.acme):
        lead = Lead.objects.get(pk=answer.lead_id)
        assert (lead.profile["first_name"], lead.profile["title"]) == ("Jane", "Buyer")
        assert lead.origins["first_name"]["by"] == "enrichment"
        assert Enrichment.objects.get(outcome="found").applied_at is not None


def test_filling_in_all_never_replaces_what_the_file_said(world, person, browser, people, directory):
    with bound(world.acme):
        on(person, directory)
        job = begin(person)
    work()

    done = browser.post(f"/leads/bulk/{job.pk}/answers/", {"all": "1"})
    work()

    assert "Done" in browser.get(done["Location"]).content.decode()
    with bound(world.acme):
        lead = Lead.objects.get(pk=Enrichment.objects.get(outcome="found").lead_id)
        assert (lead.profile["first_name"], lead.profile["title"]) == ("Jane", "Buyer")
        assert not Enrichment.objects.filter(outcome__in=["found", "partial"], applied_at=None).exists()
    assert "No answer waits" in browser.get(f"/leads/bulk/{job.pk}/answers/").content.decode()


def test_the_months_questions_are_not_passed_by_one(world, person, people, directory):
    """Guards `claim` in `take_next`: without it a job would ask past what an owner allowed."""
    with bound(world.acme):
        on(person, directory, most=2)
        begin(person)
    work()

    assert len(directory.seen) == 2
    with bound(world.acme):
        job = Bulk.objects.get()
        assert (job.done, job.finished_at is not None) == (2, True)
        assert "used up" in job.problem


def test_a_pause_is_kept_and_nobody_is_passed_over_for_it(world, person, people, directory):
    with bound(world.acme):
        row = on(person, directory, key=BUSY)
        begin(person)
        enrich_slice()
        due = enrich_slice()

        assert len(directory.seen) == 1
        assert due is not None
        assert due > timezone.now()
        row.credential.secret = Secret(GOOD)
        row.credential.save()
        EnrichmentOptIn.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
        enrich_slice()

        job = Bulk.objects.get()
        assert (job.done, job.problem, len(directory.seen)) == (3, "", 4)
        assert job.finished_at is not None


def test_a_key_that_is_refused_ends_it_after_one_question(world, person, people, directory):
    with bound(world.acme):
        on(person, directory, key=BAD)
        begin(person)
    work()

    assert len(directory.seen) == 1
    with bound(world.acme):
        assert Bulk.objects.get().problem


def test_a_source_that_is_down_is_not_asked_on_and_on(world, person, directory):
    rows = b"".join(b"p%d@looms.test\n" % number for number in range(40))
    directory.fault = "error"
    with bound(world.acme):
        an_import(person, b"email\n" + rows)
        on(person, directory)
        begin(person)
    work()

    assert len(directory.seen) == 5
    with bound(world.acme):
        assert Bulk.objects.get().problem


def test_switching_the_source_off_ends_it_at_once(world, person, people, directory):
    with bound(world.acme):
        on(person, directory)
        begin(person)
        opt_out(Source.DIRECTORY, by=by(person))
    work()

    assert directory.seen == []
    with bound(world.acme):
        assert "switched this provider off" in Bulk.objects.get().problem


def test_a_question_that_a_killed_worker_had_begun_is_not_asked_again(world, person, people, directory):
    with bound(world.acme):
        on(person, directory)
        job = begin(person)
        begun = take_next(job.pk, by=by(person))  # and here the worker dies
    work()

    assert len(directory.seen) == 2
    with bound(world.acme):
        assert Enrichment.objects.get(pk=begun.row.pk).outcome == "asking"
        assert Bulk.objects.get().done == 3
