"""Suppression: said by hand or by a file, lifted only where it is ours to lift, kept by the database."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connections, transaction

from audit.models import AuditRow
from keychain.index import blind_index
from leads.actions.suppression import NotLifted, lift, suppress, suppress_index
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

    assert "1 addresses added, 1 were here, 1 rows hold none." in shown
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
