"""Data requests: find everything about an address, hand it out, erase it with a receipt."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from audit.models import AuditRow
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun
from leads.actions.requests import open_request
from leads.actions.sources import opt_in_file
from leads.actions.suppression import suppress
from leads.models import (
    Enrichment,
    ImportReject,
    Lead,
    Listing,
    Reason,
    RequestKind,
    Source,
    SubjectRequest,
    Suppression,
)
from mailbox.models import Delivery, Direction, Message, Thread
from tenants.binding import bound
from tests.leads.made import an_import, by
from tests.mail_world import a_mailbox
from tests.world import client_of, olga


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


def a_written_lead(person) -> Lead:
    """A lead with a mail, a draft, a model log and a rejected row."""
    an_import(person, b"email,first_name\nann@looms.test,Ann\nann@looms.test,Ann\n")
    lead = Lead.objects.get()
    thread = Thread(mailbox=a_mailbox(), lead=lead)
    thread.save()
    message = Message(thread=thread, mailbox=thread.mailbox, direction=Direction.OUT, message_id="<a@x.test>")
    message.subject, message.body, message.delivery = "Your looms", "canary-body", Delivery.SENT
    message.save()
    campaign = Campaign(name="Spring")
    campaign.save()
    enrollment = Enrollment(campaign=campaign, lead=lead, thread=thread, stage=Stage.SENT)
    enrollment.save()
    Draft(enrollment=enrollment, step=1, subject="Your looms", body="canary-draft").save()
    run = StageRun(enrollment=enrollment, campaign=campaign, stage=Stage.DRAFTING, provider="sandbox")
    run.model, run.prompt_name, run.outcome, run.prompt, run.cost_micros = "m", "draft", "ok", "about Ann", 7
    run.save()
    return lead


def a_request(person, kind: RequestKind = RequestKind.ERASURE) -> SubjectRequest:
    return open_request(kind, "ann@looms.test", by=by(person))


def test_everything_about_an_address_is_found_and_handed_out(world, person, browser):
    with bound(world.acme):
        a_written_lead(person)
        row = a_request(person, RequestKind.ACCESS)

    found = json.loads(browser.get(f"/privacy/requests/{row.pk}/data.json").content)
    page = browser.get(f"/privacy/requests/{row.pk}/data.html").content.decode()

    assert [fact["value"] for fact in found["facts"]] == ["ann@looms.test", "Ann"]
    assert found["messages"][0]["body"] == "canary-body"
    assert found["drafts"][0]["body"] == "canary-draft"
    assert found["rejected_rows"][0]["row"] == 3
    assert found["asked_of_models"][0]["prompt"] == "about Ann"
    assert "about Ann" in page
    assert "canary-body" in page
    with bound(world.acme):
        assert AuditRow.objects.filter(event="data.exported", about_id=row.pk).count() == 2


def test_erasure_leaves_a_hash_a_receipt_and_counts(world, person, browser):
    with bound(world.acme):
        a_written_lead(person)
        row = a_request(person)

    browser.post(f"/privacy/requests/{row.pk}/erase/")
    page = browser.get(f"/privacy/requests/{row.pk}/").content.decode()

    with bound(world.acme):
        assert not any(model.objects.exists() for model in (Lead, Message, Thread, Draft, ImportReject))
        run = StageRun.objects.get()
        assert (run.prompt, run.enrollment, run.cost_micros) == (None, None, 7)
        assert Suppression.objects.get().reason == Reason.ERASURE
        row.refresh_from_db()
        assert row.email is None
        went = dict(row.receipt["went"])
        assert (went["Lead records"], went["Messages"], went["Drafts"], went["Rows of rejects files"]) == (
            1, 1, 1, 1,
        )  # fmt: skip
    assert "The address cannot be read back from it." in page
    assert "Backups that still hold the data are gone by" in page


def test_no_audit_line_holds_the_address_after_an_erasure(world, person, browser):
    with bound(world.acme):
        lead = a_written_lead(person)
    browser.post(f"/leads/{lead.pk}/edit/", {"email": "ann@looms.test", "city": "Ulm"})
    with bound(world.acme):
        row = a_request(person)

    browser.post(f"/privacy/requests/{row.pk}/erase/")

    with bound(world.acme):
        lines = [json.dumps(line.details) for line in AuditRow.objects.all()]
        assert len(lines) >= 4
        assert not [line for line in lines if "ann@looms.test" in line]


def test_an_import_cannot_bring_an_erased_person_back(world, person, browser):
    with bound(world.acme):
        a_written_lead(person)
        row = a_request(person)
    browser.post(f"/privacy/requests/{row.pk}/erase/")

    with bound(world.acme):
        job = an_import(person, b"email,note\nann@looms.test,canary-row\nbob@looms.test,x\n")
        kept = ImportReject.objects.get(job=job)

        assert (job.suppressed, job.imported) == (1, 1)
        assert kept.cells == ["", ""]
        assert "asked to be erased" in kept.reason


def test_what_providers_and_directories_said_is_found_and_erased_too(world, person, browser):
    with bound(world.acme):
        lead = a_written_lead(person)
        answer = Enrichment(lead=lead, provider=Source.APOLLO, outcome="found", sentence="Found.")
        answer.asked, answer.fields = {"email": lead.email}, {"title": "Weaver"}
        answer.save()
        data = b"email,city\nann@looms.test,canary-city\nbob@looms.test,Bonn\n"
        opt_in_file(io.BytesIO(data), "town.csv", len(data), by=by(person))
        row = a_request(person)

    found = json.loads(browser.get(f"/privacy/requests/{row.pk}/data.json").content)
    browser.post(f"/privacy/requests/{row.pk}/erase/")

    assert found["asked_of_others"][0]["came_back"] == {"title": "Weaver"}
    assert found["listed"][0]["fields"]["city"] == "canary-city"
    with bound(world.acme):
        assert not Enrichment.objects.exists()
        assert [each.fields["city"] for each in Listing.objects.all()] == ["Bonn"]
        row.refresh_from_db()
        assert dict(row.receipt["went"])["Rows of directories"] == 1


def test_the_clock_is_thirty_days_from_the_day_it_arrived(world, person):
    with bound(world.acme):
        row = a_request(person)

        assert row.due_at - row.received_at == timedelta(days=30)


def test_a_request_is_answered_once(world, person, browser):
    with bound(world.acme):
        suppress("bob@looms.test", Reason.BY_HAND)
        row = a_request(person, RequestKind.ACCESS)

    browser.post(f"/privacy/requests/{row.pk}/")
    browser.post(f"/privacy/requests/{row.pk}/")

    with bound(world.acme):
        assert AuditRow.objects.filter(event="privacy.request_answered").count() == 1


def test_deleting_a_lead_counts_first_and_takes_everything_along(world, person, browser):
    with bound(world.acme):
        lead = a_written_lead(person)

    asked = browser.get(f"/leads/{lead.pk}/delete/").content.decode()
    browser.post(f"/leads/{lead.pk}/delete/")

    for words in ("Drafts", "Conversations", "Messages", "Model logs, whose texts go"):
        assert f"<dt>{words}</dt><dd>1</dd>" in asked
    with bound(world.acme):
        assert not any(model.objects.exists() for model in (Lead, Message, Thread, Draft, Enrollment))
        assert StageRun.objects.get().prompt is None
