"""What users of other systems reported of imports, deletion and erasure, and what happens here."""

from __future__ import annotations

import pytest

from audit.models import AuditRow
from leads.actions.requests import STAYS, erase, open_request
from leads.actions.suppression import suppress
from leads.models import ImportReject, ImportState, Lead, Reason, RequestKind, Standing
from leads.profile import Policy
from tenants.binding import bound
from tests.leads.made import a_lead, an_import, by
from tests.world import client_of, olga


@pytest.fixture
def person(world):
    return olga(world)


def test_a_byte_order_mark_of_excel_does_not_hide_the_email_column(world, person):
    with bound(world.acme):
        assert an_import(person, "\ufeffemail;name\nann@looms.test;Änn\n".encode()).imported == 1


def test_the_last_row_is_there_with_and_without_an_end_of_line(world, person):
    rows = "\n".join(["email", *(f"p{n}@looms.test" for n in range(65))])
    with bound(world.acme):
        assert an_import(person, rows.encode()).imported == 65
        assert Lead.objects.count() == 65


def test_a_duplicate_is_named_with_its_row_and_never_dropped_in_silence(world, person):
    with bound(world.acme):
        an_import(person, b"email\nann@looms.test\nANN@looms.test\n")

        assert [(row.number, row.reason) for row in ImportReject.objects.all()] == [
            (3, "Row 2 has the same address.")
        ]


@pytest.mark.parametrize("policy", list(Policy))
def test_no_policy_destroys_an_opt_out(world, person, policy):
    with bound(world.acme):
        an_import(person, b"email,city\nann@looms.test,Ulm\n")
        suppress("ann@looms.test", Reason.OPT_OUT)

        job = an_import(person, b"email,city\nann@looms.test,Bonn\n", policy)

        assert (job.updated, job.suppressed) == (0, 1)
        assert Lead.objects.get().standing == Standing.OPTED_OUT
        assert Lead.objects.get().profile["city"] == "Ulm"


def test_more_rows_than_a_page_and_all_of_them_known_do_not_fail_an_import(world, person):
    rows = "\n".join(["email", *(f"p{n}@looms.test" for n in range(300))]).encode()
    with bound(world.acme):
        an_import(person, rows)

        again = an_import(person, rows)

        assert (again.state, again.imported, again.duplicates) == (ImportState.DONE, 0, 300)


def test_one_strange_character_does_not_stop_the_file(world, person):
    data = b'email,name\nann@looms.test,Ann\nbob@looms.test,B\xf6b \x92 \x01\ncy@looms.test,"Cy\n'
    with bound(world.acme):
        job = an_import(person, data)

        assert job.state == ImportState.DONE
        assert (job.imported, job.rejected) == (2, 1)


def test_an_erasure_says_who_when_and_what_and_explains_the_hash(world, person):
    with bound(world.acme):
        a_lead(person, "ann@looms.test")
        row = open_request(RequestKind.ERASURE, "ann@looms.test", by=by(person))
        erase(row, by=by(person))

        line = AuditRow.objects.get(event="privacy.erased")
        assert line.details["actor"] == "Olga"
        assert line.details["data"]["went"][0] == ["Lead records", 1]
    page = client_of(world.acme, person).get(f"/privacy/requests/{row.pk}/").content.decode()
    assert STAYS[0] in page
    assert str(row.pk) in page


def test_a_member_deletes_a_contact_without_asking_anyone(world, person):
    with bound(world.acme):
        lead = a_lead(person, "ann@looms.test")

    client_of(world.acme, person).post(f"/leads/{lead.pk}/delete/")

    with bound(world.acme):
        assert not Lead.objects.exists()
        assert AuditRow.objects.filter(event="leads.deleted", about_id=lead.pk).exists()
