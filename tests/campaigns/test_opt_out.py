"""The page behind a mail's opt-out link: RFC 8058, and what a recipient may expect beyond it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.models import Member
from audit.actors import Actor
from audit.models import AuditRow
from campaigns.approval import approve
from campaigns.models import Enrollment, Stage
from campaigns.sending import claim
from leads.actions import suppress
from leads.models import Lead, Reason, RequestKind, Standing, SubjectRequest, Suppression
from mailbox.models import Delivery, Message
from tenants.binding import bound
from tests.campaigns.world import a_draft, a_sent_mail
from tests.world import client_of, olga, rita

FORMS = [
    ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
    (MULTIPART_CONTENT, encode_multipart(BOUNDARY, {"List-Unsubscribe": "One-Click"})),
    ("application/x-www-form-urlencoded", ""),
    ("text/plain", "anything"),
]


@pytest.fixture
def sent(world) -> tuple[Message, str]:
    person = olga(world)
    with bound(world.acme):
        return a_sent_mail(Actor(person.pk, "Olga"))


@pytest.fixture
def stranger(world) -> Client:
    """A mailbox provider: no cookie, and Django's CSRF check as in production."""
    client = Client(enforce_csrf_checks=True, HTTP_HOST="acme.localhost:8000")
    assert not client.cookies
    return client


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(world, sent, stranger, method):
    message, token = sent

    answer = getattr(stranger, method)(f"/o/{token}")

    assert answer.status_code == 200
    assert not answer.cookies
    with bound(world.acme):
        assert not Suppression.objects.exists()
        assert Enrollment.objects.get(drafts__message=message).stage == Stage.SENT


@pytest.mark.parametrize(("kind", "body"), FORMS, ids=["urlencoded", "multipart", "empty", "text"])
def test_a_post_opts_out_at_once_with_no_cookie_and_no_redirect(world, sent, stranger, kind, body):
    message, token = sent

    answer = stranger.generic("POST", f"/o/{token}", body, content_type=kind)

    assert answer.status_code == 200
    assert not answer.cookies
    with bound(world.acme):
        assert Suppression.objects.get().reason == Reason.OPT_OUT
        assert Lead.objects.get(pk=message.thread.lead_id).standing == Standing.OPTED_OUT
        enrollment = Enrollment.objects.get(drafts__message=message)
        assert (enrollment.stage, enrollment.stop_reason) == (Stage.STOPPED, "opted_out")
        assert AuditRow.objects.filter(event="suppression.added").count() == 1


def test_mail_that_waits_is_taken_back(world, sent, stranger):
    message, token = sent
    person = Actor(None, "Olga")
    with bound(world.acme):
        other = a_draft(person)
        Enrollment.objects.filter(pk=other.enrollment_id).update(lead=message.thread.lead)
        waiting = approve(other, by=person)
        assert waiting.recipient_index == bytes(message.recipient_index)

    stranger.post(f"/o/{token}")

    with bound(world.acme):
        waiting.refresh_from_db()
        assert waiting.delivery == Delivery.CANCELLED
        assert claim(waiting.mailbox) is None


def test_saying_it_twice_is_saying_it_once(world, sent, stranger):
    _, token = sent

    answers = [stranger.post(f"/o/{token}").status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    with bound(world.acme):
        assert Suppression.objects.count() == 1
        assert AuditRow.objects.filter(event="suppression.added").count() == 1


def test_the_page_says_who_writes_why_which_data_and_from_where(world, sent, stranger):
    page = stranger.get(f"/o/{sent[1]}").content.decode()

    for words in ("Acme", "1 Main St", "sales@acme.sandbox", "first name, company", "Approved", "erasure"):
        assert words in page
    assert "Engines" not in page  # the link may be passed on: kinds of data, no values
    assert "<script" not in page.replace('<script src="/static/paitho/theme.js"', "")


def test_an_unknown_link_reveals_nothing_and_is_counted(world, sent, stranger):
    answer = stranger.get("/o/nothing-here")

    assert answer.status_code == 404
    assert b"names no mail" in answer.content
    assert b"Acme" not in answer.content
    assert not answer.cookies
    statuses = [stranger.post("/o/nothing-here").status_code for _ in range(40)]
    assert set(statuses) == {404, 429}
    assert stranger.post(f"/o/{sent[1]}").status_code == 200  # a known link is never refused


def test_a_link_means_nothing_on_another_workspaces_host(world, sent):
    assert client_of(world.rival).post(f"/o/{sent[1]}").status_code == 404
    with bound(world.acme):
        assert not Suppression.objects.exists()


def test_erasure_can_be_asked_for_once_and_silences_too(world, sent, stranger):
    message, token = sent

    answers = [stranger.post(f"/o/{token}/erase") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert b"within 30 days" in answers[0].content
    with bound(world.acme):
        request = SubjectRequest.objects.get()
        assert (request.kind, request.email) == (RequestKind.ERASURE, message.thread.lead.profile["email"])
        assert Suppression.objects.get().reason == Reason.OPT_OUT
        assert Enrollment.objects.get(drafts__message=message).stage == Stage.STOPPED
    page = client_of(world.acme, rita(world)).get("/").content.decode()
    assert "1 person asks about their data" in page


def test_only_the_recipient_takes_an_opt_out_back_and_says_which_address_it_was(world, sent, stranger):
    message, token = sent
    address = message.thread.lead.profile["email"]
    stranger.post(f"/o/{token}")
    page = stranger.get(f"/o/{token}").content.decode()
    assert f"/o/{token}/back" in page

    asked = stranger.get(f"/o/{token}/back").content.decode()
    done = stranger.post(f"/o/{token}/back", {"address": address.upper()})

    assert address not in asked  # whoever opens the link is not told what to type
    assert (done.status_code, done.cookies) == (200, {})
    assert b"may write to you again" in done.content
    with bound(world.acme):
        assert not Suppression.objects.exists()
        assert Lead.objects.get(pk=message.thread.lead_id).standing == Standing.OPEN
        assert Enrollment.objects.get(drafts__message=message).stage == Stage.STOPPED  # nothing starts anew
        line = AuditRow.objects.get(event="suppression.lifted")
        assert line.details["actor"] == "The recipient, by the link in a mail"
    assert b"Do not write to me again" in stranger.get(f"/o/{token}").content


TRIES = [
    ("get", {}),
    ("head", {}),
    ("options", {}),
    ("post", {}),
    ("post", {"address": ""}),
    ("post", {"address": "somebody@else.test"}),
    ("post", {"address": "no address"}),
    ("post", {"List-Unsubscribe": "One-Click"}),
]


@pytest.mark.parametrize(("method", "said"), TRIES)
def test_no_scanner_and_no_guess_takes_an_opt_out_back(world, sent, stranger, method, said):
    """Guards `take_back_opt_out`: without its comparison any POST to the link would lift the opt-out."""
    _, token = sent
    stranger.post(f"/o/{token}")

    answer = getattr(stranger, method)(f"/o/{token}/back", said)

    assert answer.status_code in ({422} if method == "post" and said.get("address") else {200, 422})
    with bound(world.acme):
        assert Suppression.objects.get().reason == Reason.OPT_OUT
        assert not AuditRow.objects.filter(event="suppression.lifted").exists()


def test_a_member_who_knows_the_link_and_the_address_is_refused(world, sent, stranger):
    message, token = sent
    stranger.post(f"/o/{token}")

    with bound(world.acme):
        person = Member.objects.get()
    address = message.thread.lead.profile["email"]
    answer = client_of(world.acme, person).post(f"/o/{token}/back", {"address": address})

    assert answer.status_code == 422
    assert b"Only the recipient" in answer.content
    with bound(world.acme):
        assert Suppression.objects.get().reason == Reason.OPT_OUT


@pytest.mark.parametrize("reason", [Reason.ERASURE, Reason.COMPLAINT, Reason.BY_HAND, Reason.BOUNCE])
def test_the_link_takes_nothing_back_but_an_opt_out(world, sent, stranger, reason):
    message, token = sent
    address = message.thread.lead.profile["email"]
    with bound(world.acme):
        suppress(address, reason)

    answer = stranger.post(f"/o/{token}/back", {"address": address})

    assert answer.status_code == 422
    with bound(world.acme):
        assert Suppression.objects.get().reason == reason


def test_guesses_at_the_address_are_counted(world, sent, stranger):
    _, token = sent
    stranger.post(f"/o/{token}")

    statuses = {
        stranger.post(f"/o/{token}/back", {"address": f"a{number}@x.test"}).status_code
        for number in range(35)
    }

    assert statuses == {422, 429}


def test_after_a_request_for_erasure_nothing_is_taken_back(world, sent, stranger):
    message, token = sent
    stranger.post(f"/o/{token}/erase")

    answer = stranger.post(f"/o/{token}/back", {"address": message.thread.lead.profile["email"]})

    assert answer.status_code == 422
    with bound(world.acme):
        assert Suppression.objects.get().reason == Reason.OPT_OUT
