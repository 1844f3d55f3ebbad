"""Suppression: said by hand or by a file, lifted only where it is ours to lift, kept by the database."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditRow
from keychain.index import blind_index
from leads.actions.people import add_lead, profile_of
from leads.actions.suppression import NotLifted, lift, suppress, suppress_index, take_back
from leads.models import Lead, Reason, Standing, Suppression
from mailbox.models import Delivery, Direction, Message
from tenants.binding import bound
from tests.leads.made import a_lead, an_import, by
from tests.mail_world import a_thread
from tests.world import client_of, eddy, olga, rita


@pytest.fixture
def browser(world):
    return client_of(world.acme, olga(world))


def scheduled(address: str = "ada@engines.test") -> Message:
    thread, blind = a_thread(), blind_index()
    message = Message(thread=thread, mailbox=thread.mailbox, direction=Direction.OUT, message_id="<a@x.test>")
    message.subject, message.body, message.delivery = "Looms", "Hello", Delivery.SCHEDULED
    message.recipient_index = blind.email(address)
    message.recipient_domain_index = blind.domain(address)
    message.save()
    return message


@pytest.mark.parametrize("covers_domain", [False, True])
def test_the_database_refuses_to_send_to_the_suppressed_whoever_asks(world, covers_domain):
    """Guards the trigger: this goes around the claim, which looks as well."""
    with bound(world.acme):
        message = scheduled()
        suppress("ada@engines.test", Reason.OPT_OUT, covers_domain=covers_domain)
        statement = "UPDATE messages SET delivery = 'sending' WHERE id = %s"

        with pytest.raises(DatabaseError, match="is suppressed"), transaction.atomic():
            connections["default"].cursor().execute(statement, [message.pk])
        with pytest.raises(DatabaseError, match="is suppressed"), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENDING)

        message.refresh_from_db()
        assert message.delivery == Delivery.SCHEDULED


def test_the_database_lets_mail_to_others_pass(world):
    with bound(world.acme):
        message = scheduled()
        suppress("other@engines.test", Reason.OPT_OUT)

        assert Message.objects.filter(pk=message.pk).update(delivery=Delivery.SENDING) == 1


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.COMPLAINT, Reason.ERASURE])
def test_what_a_recipient_did_is_never_lifted_by_anyone(world, browser, reason):
    with bound(world.acme):
        row = suppress("ann@looms.test", reason)

    browser.post(f"/privacy/{row.pk}/lift/")

    with bound(world.acme):
        assert Suppression.objects.filter(pk=row.pk).exists()
        with pytest.raises(NotLifted):
            lift(row, by=by(olga_of(world)))


def olga_of(world):
    from accounts.models import Member

    return Member.objects.get(email="olga@acme.example")


def test_an_admin_lifts_what_the_team_said_and_it_is_audited(world):
    admin = eddy(world)
    with bound(world.acme):
        lead = a_lead(admin, "ann@looms.test")
        row = suppress("ann@looms.test", Reason.BY_HAND)
        assert Lead.objects.get(pk=lead.pk).standing == Standing.SUPPRESSED

    client_of(world.acme, admin).post(f"/privacy/{row.pk}/lift/")

    with bound(world.acme):
        assert not Suppression.objects.exists()
        assert Lead.objects.get(pk=lead.pk).standing == Standing.OPEN
        assert AuditRow.objects.filter(event="suppression.lifted").count() == 1


def test_a_member_may_suppress_and_not_lift(world):
    member = client_of(world.acme, rita(world))

    member.post("/privacy/", {"what": "looms.test"})

    with bound(world.acme):
        row = Suppression.objects.get()
        assert (row.covers_domain, row.domain, row.reason) == (True, "looms.test", Reason.BY_HAND)
    assert member.post(f"/privacy/{row.pk}/lift/").status_code == 403


def test_a_bounce_does_not_weaken_an_opt_out(world):
    with bound(world.acme):
        suppress("ann@looms.test", Reason.OPT_OUT)
        suppress("ann@looms.test", Reason.BOUNCE)

        assert Suppression.objects.get().reason == Reason.OPT_OUT


def test_a_file_of_addresses_is_suppressed_at_once(world, browser):
    with bound(world.acme):
        a_lead(olga_of(world), "ann@looms.test")
        suppress("bob@looms.test", Reason.OPT_OUT)
    data = b"name,e-mail\nAnn,ANN@looms.test\nBob,bob@looms.test\nX,nobody\n"

    browser.post("/privacy/file/", {"file": SimpleUploadedFile("stop.csv", data)})
    shown = browser.get("/privacy/").content.decode()

    assert "1 addresses added, 1 were here, 0 domains, 1 rows hold none." in shown
    with bound(world.acme):
        assert Suppression.objects.count() == 2
        assert Lead.objects.get().standing == Standing.SUPPRESSED


def test_an_address_is_looked_up_without_being_kept(world, browser):
    with bound(world.acme):
        suppress("ann@looms.test", Reason.OPT_OUT)

    shown = browser.get("/privacy/?q=Ann@Looms.test").content.decode()

    assert "This address is suppressed: opted out" in shown
    assert "an address that is not kept" in shown


def test_an_import_again_never_brings_an_opted_out_person_back(world):
    person = olga(world)
    with bound(world.acme):
        an_import(person, b"email\nann@looms.test\n")
        lead = Lead.objects.get()
        suppress_index(bytes(lead.email_index), Reason.OPT_OUT, by=by(person))
        lead.delete()

        job = an_import(person, b"email\nann@looms.test\n")

        assert (job.imported, job.suppressed) == (0, 1)
        assert not Lead.objects.exists()


STOPLIST = b"""Email Address;Reason;Unsubscribed at
ann@looms.test;unsubscribed;2024-03-05 10:00:00
bob@looms.test;Hard bounce;05.03.2024
cem@looms.test;Spam complaint;not a date
dora@looms.test;;2124-01-01
@mills.test;;2024-03-05
not an address;;
"""


def test_a_file_brings_reasons_and_dates_and_domains(world, browser):
    with bound(world.acme):
        person = olga_of(world)
        for local in ("ann@looms", "bob@looms", "dora@looms", "eva@mills"):
            add_lead(profile_of(f"{local}.test", {}), by=by(person))

    browser.post("/privacy/file/", {"file": SimpleUploadedFile("stop.csv", STOPLIST), "reason": "opt_out"})
    shown = browser.get("/privacy/").content.decode()

    assert "4 addresses added, 0 were here, 1 domains, 1 rows hold none." in shown
    assert "mills.test" in shown
    with bound(world.acme):
        known = {of(row): (row.reason, row.at.date().isoformat()) for row in Suppression.objects.all()}
        today = timezone.now().date().isoformat()
        assert known == {
            "ann@looms.test": ("opt_out", "2024-03-05"),
            "bob@looms.test": ("bounce", "2024-03-05"),
            "cem@looms.test": ("complaint", today),
            "dora@looms.test": ("opt_out", today),
            "mills.test": ("opt_out", "2024-03-05"),
        }
        assert {lead.email: lead.standing for lead in Lead.objects.all()} == {
            "ann@looms.test": "opted_out",
            "bob@looms.test": "bounced",
            "dora@looms.test": "opted_out",
            "eva@mills.test": "opted_out",
        }


def of(row: Suppression) -> str:
    """Whose row it is, among those of the file."""
    blind = blind_index()
    names = ["ann@looms.test", "bob@looms.test", "cem@looms.test", "dora@looms.test"]
    known = {blind.email(name): name for name in names} | {blind.domain("mills.test"): "mills.test"}
    return known[bytes(row.index)]


@pytest.mark.parametrize("data", [b"mills.test\nlooms.test\n", b"Domain\nmills.test\n@looms.test\n"])
def test_a_file_of_bare_domains_loses_no_row(world, browser, data):
    browser.post("/privacy/file/", {"file": SimpleUploadedFile("stop.csv", data)})

    with bound(world.acme):
        assert sorted(row.domain for row in Suppression.objects.all()) == ["looms.test", "mills.test"]


def test_a_file_makes_a_reason_stronger_and_never_weaker(world, browser):
    with bound(world.acme):
        suppress("ann@looms.test", Reason.BY_HAND)
        suppress("bob@looms.test", Reason.OPT_OUT)
    data = b"email,reason\nann@looms.test,unsubscribed\nbob@looms.test,bounce\n"

    browser.post("/privacy/file/", {"file": SimpleUploadedFile("stop.csv", data)})

    with bound(world.acme):
        assert set(Suppression.objects.values_list("reason", flat=True)) == {"opt_out"}


def test_a_file_without_addresses_or_domains_is_refused(world, browser):
    answer = browser.post(
        "/privacy/file/", {"file": SimpleUploadedFile("stop.csv", b"name,age\nAnn,7\n")}, follow=True
    )

    assert "No column of this file holds e-mail addresses or domains." in answer.content.decode()


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.COMPLAINT, Reason.ERASURE])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM suppressions",
        "UPDATE suppressions SET reason = 'by_hand'",
        "UPDATE suppressions SET index = index || '\\x00'",
        "UPDATE suppressions SET covers_domain = true",
    ],
)
def test_the_database_keeps_what_a_recipient_did_whoever_asks(world, reason, statement):
    """Guards the trigger: this goes around the action, which refuses as well."""
    with bound(world.acme):
        suppress("ann@looms.test", reason)

        with pytest.raises(DatabaseError, match="what the recipient said"), transaction.atomic():
            connections["default"].cursor().execute(statement)

        assert Suppression.objects.get().reason == reason


def test_a_recipient_takes_an_opt_out_back_and_no_other_is_lifted_with_it(world):
    person = olga(world)
    with bound(world.acme):
        lead = a_lead(person, "ann@looms.test")
        suppress("ann@looms.test", Reason.OPT_OUT)
        suppress("bob@looms.test", Reason.OPT_OUT)
        index = bytes(lead.email_index)

        assert take_back(index, by=Actor(None, "The recipient"))
        assert not take_back(index, by=Actor(None, "The recipient"))

        lead.refresh_from_db()
        assert lead.standing == Standing.OPEN
        assert Suppression.objects.count() == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            Suppression.objects.all().delete()
