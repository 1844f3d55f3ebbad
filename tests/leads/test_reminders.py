"""The 30-day clock of a data request speaks up: to owners, a week and a day before, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.errors import MailNotSent
from audit.models import AuditRow
from leads.actions.reminders import remind_slice
from leads.actions.requests import answer_request, open_request
from leads.models import RequestKind, SubjectRequest
from tenants.binding import bound
from tests.leads.made import by
from tests.world import client_of, eddy, olga, rita

PERSON = "carla@looms.test"


@pytest.fixture
def person(world):
    return olga(world)


def a_request(person, days_left: float) -> SubjectRequest:
    row = open_request(RequestKind.ACCESS, PERSON, by=by(person))
    row.due_at = timezone.now() + timedelta(days=days_left)
    row.received_at = row.due_at - timedelta(days=30)
    row.save()
    mail.outbox.clear()
    return row


@pytest.mark.parametrize(("days_left", "mails"), [(29, 0), (7.01, 0), (6.9, 1), (1.1, 1), (0.9, 1), (-2, 1)])
def test_owners_are_told_when_a_week_is_left_and_never_twice(world, person, days_left, mails):
    with bound(world.acme):
        a_request(person, days_left)

        for _ in range(3):
            remind_slice()

        assert [sent.to for sent in mail.outbox] == [[person.email]] * mails
        assert AuditRow.objects.filter(event="privacy.request_due").count() == mails


def test_a_week_and_a_day_before_are_two_mails(world, person):
    with bound(world.acme):
        row = a_request(person, 6.5)
        remind_slice()
        SubjectRequest.objects.filter(pk=row.pk).update(due_at=timezone.now() + timedelta(hours=20))
        remind_slice()
        remind_slice()

        row.refresh_from_db()
        assert (len(mail.outbox), row.reminded) == (2, 2)


def test_the_mail_names_nobody_and_leads_to_the_page(world, person):
    with bound(world.acme):
        row = a_request(person, 3)
        remind_slice()

    words = mail.outbox[-1].subject + mail.outbox[-1].body + str(mail.outbox[-1].alternatives[0])
    assert "carla" not in words
    assert f"http://acme.localhost:8000/privacy/requests/{row.pk}/" in mail.outbox[-1].body


def test_only_owners_are_told(world, person):
    eddy(world)
    rita(world)
    with bound(world.acme):
        a_request(person, 3)
        remind_slice()

    assert [sent.to for sent in mail.outbox] == [[person.email]]


def test_who_was_answered_is_no_matter_any_more(world, person):
    with bound(world.acme):
        answer_request(a_request(person, 3), by=by(person))
        assert remind_slice() is None

    assert not mail.outbox


def test_a_mail_server_that_is_down_costs_no_reminder(world, person, monkeypatch):
    def down(*_: object, **__: object) -> None:
        raise MailNotSent("Down.")

    with bound(world.acme):
        a_request(person, 3)
        with monkeypatch.context() as without:
            without.setattr("accounts.notices.deliver", down)
            soon = remind_slice()
        assert soon is not None
        assert soon - timezone.now() < timedelta(minutes=16)
        remind_slice()

    assert len(mail.outbox) == 1


def test_the_bell_is_set_for_the_next_reminder(world, person):
    with bound(world.acme):
        row = a_request(person, 20)

        assert remind_slice() == row.due_at - timedelta(days=7)


def test_the_pages_say_that_the_time_runs_out_and_that_owners_know(world, person):
    with bound(world.acme):
        row = a_request(person, 3)
        remind_slice()
    browser = client_of(world.acme, person)

    assert "The 30 days are nearly over" in browser.get("/privacy/requests/").content.decode()
    assert "owners were reminded" in browser.get(f"/privacy/requests/{row.pk}/").content.decode()


def test_what_is_open_stands_before_what_is_answered(world, person):
    with bound(world.acme):
        answer_request(a_request(person, 2), by=by(person))
        a_request(person, 9)
    page = client_of(world.acme, person).get("/privacy/requests/").content.decode()

    assert page.index("due") < page.index("Answered")
