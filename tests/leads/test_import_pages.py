"""An import through the door, as a member does it: upload, columns, check, progress, rejects, undo."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditRow
from leads.actions import dry_run, mapping_of
from leads.actions.people import change_lead, profile_of
from leads.actions.suppression import suppress
from leads.models import Import, ImportPart, ImportReject, ImportState, Lead, Reason
from leads.profile import Policy
from tenants.binding import bound
from tests.leads.made import PEOPLE, an_import, an_upload, by
from tests.world import client_of, empty_everything, olga, work


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


def sent(browser, data: bytes, name: str = "people.csv"):
    return browser.post("/leads/imports/new/", {"file": SimpleUploadedFile(name, data)})


def workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


REFUSALS = [
    (b"%PDF-1.7 not a sheet", "This is a PDF document."),
    (workbook(), "This is an Excel workbook. In Excel choose File &gt; Save As"),
    (b"", "This file is empty."),
    (b"email,name\na\0b@x.test,Ann\n", "NUL bytes (the first one in line 2)"),
    (b'{"email": 1}', "This is a JSON file."),
]


@pytest.mark.parametrize(("data", "sentence"), REFUSALS)
def test_a_file_that_is_no_csv_is_refused_in_a_sentence_and_not_kept(world, browser, data, sentence):
    answer = sent(browser, data, "leads.csv")

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with bound(world.acme):
        assert not Import.objects.exists()


def test_nothing_is_imported_without_an_email_column(world, browser):
    answer = sent(browser, b"email,city\nann@looms.test,Ulm\n")
    columns = browser.post(answer["Location"], {"policy": "skip", "use-0": "custom", "use-1": "city"})

    assert columns.status_code == 422
    assert "Choose the column that holds the e-mail address." in columns.content.decode()


def test_an_import_goes_from_the_file_to_the_leads_page_by_page(world, browser):
    columns = sent(browser, PEOPLE)["Location"]
    page = browser.get(columns).content.decode()
    assert "it is called first_name" in page
    form = {"policy": "skip", "use-0": "email", "use-1": "first_name", "use-2": "custom"}

    check = browser.post(columns, form)["Location"]
    shown = browser.get(check).content.decode()
    running = browser.post(check)["Location"]
    moving = browser.get(running).content.decode()
    work()
    done = browser.get(running).content.decode()

    assert "nobody · X · Y" in shown
    assert 'hx-trigger="every 1s"' in moving
    assert "Done" in done
    assert "hx-trigger" not in done
    with bound(world.acme):
        job = Import.objects.get()
        assert (job.rows, job.imported, job.rejected, job.not_taken) == (3, 2, 1, 1)
        assert {lead.profile["custom"]["company"] for lead in Lead.objects.all()} == {"Engines"}
        assert not ImportPart.objects.exists()
        assert AuditRow.objects.filter(event="leads.imported").count() == 1


def test_the_moving_part_reloads_the_page_when_the_import_ends(world, person, browser):
    with bound(world.acme):
        job = an_import(person)

    assert browser.get(f"/leads/imports/{job.pk}/progress/")["HX-Refresh"] == "true"


def test_an_import_that_has_begun_does_not_begin_twice(world, person, browser):
    with bound(world.acme):
        job = an_import(person)

    browser.post(f"/leads/imports/{job.pk}/check/")

    with bound(world.acme):
        assert AuditRow.objects.filter(event="leads.imported").count() == 1


def test_the_rejects_file_is_safe_for_spreadsheets_and_comes_back_in(world, person, browser):
    data = b"email,name\nnobody,=HYPERLINK(1)\nann@looms.test,Ann\nann@looms.test,Ann\n"
    with bound(world.acme):
        job = an_import(person, data)
    answer = browser.get(f"/leads/imports/{job.pk}/rejects.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["email", "name", "row", "reason"]
    assert rows[1][:3] == ["nobody", "'=HYPERLINK(1)", "2"]
    assert rows[2][3] == "Row 3 has the same address."
    with bound(world.acme):
        again = an_upload(person, text.replace("nobody", "now@looms.test").encode())
        assert dry_run(again, mapping_of(again), Policy.SKIP).counts.imported == 1


def test_undo_takes_out_what_came_and_sets_back_what_changed(world, person, browser):
    with bound(world.acme):
        an_import(person, b"email,first_name,city\nann@looms.test,Ann,Ulm\n")
        job = an_import(
            person,
            b"email,first_name,city\nann@looms.test,Anna,Bonn\nbob@looms.test,Bob,Ulm\n",
            Policy.OVERWRITE,
        )
        assert (job.updated, job.imported) == (1, 1)

    browser.post(f"/leads/imports/{job.pk}/undo/")
    work()

    with bound(world.acme):
        job.refresh_from_db()
        assert (job.state, job.removed, job.restored) == (ImportState.UNDONE, 1, 1)
        assert [lead.profile for lead in Lead.objects.all()] == [
            {"email": "ann@looms.test", "first_name": "Ann", "city": "Ulm"}
        ]


def test_undo_leaves_what_a_person_changed_since(world, person, browser):
    with bound(world.acme):
        job = an_import(person)
        lead = Lead.objects.order_by("pk").first()
        change_lead(lead, profile_of(lead.email, {"city": "Ulm"}), by=by(person))

    browser.post(f"/leads/imports/{job.pk}/undo/")
    work()

    with bound(world.acme):
        assert [each.pk for each in Lead.objects.all()] == [lead.pk]


def test_the_dry_run_counts_duplicates_that_lie_batches_apart(world, person):
    rows = [f"person{n}@looms.test,{'x' * 400}" for n in range(600)]
    data = "\n".join(["email,note", *rows, *rows[:7]]).encode()
    with bound(world.acme):
        job = an_upload(person, data)
        counts = dry_run(job, mapping_of(job), Policy.OVERWRITE).counts
        done = an_import(person, data, Policy.OVERWRITE)

    assert (counts.imported, counts.updated, counts.duplicates) == (600, 0, 7)
    assert (done.imported, done.updated, done.duplicates) == (600, 0, 7)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ADDRESSES = st.sampled_from(
    ["ann@looms.test", "ANN@looms.test", "bob@looms.test", "stop@looms.test", "no", ""]
)


@pytest.mark.slow
@given(st.lists(st.tuples(ADDRESSES, CELLS, CELLS), min_size=1, max_size=12), st.sampled_from(list(Policy)))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_a_lead_or_in_the_rejects_and_the_counts_add_up(world, superuser, rows, policy):
    empty_everything(superuser)
    person = olga(world)
    out = io.StringIO(newline="")
    # Rows that hold an address throughout: a file with none in sight is refused as a whole.
    sure = [(f"sure{n}@looms.test", "Sure", "yes") for n in range(len(rows) + 1)]
    csv.writer(out).writerows([("email", "first_name", "note"), *sure, *rows])
    with bound(world.acme):
        suppress("stop@looms.test", Reason.OPT_OUT)
        an_import(person, b"email,first_name\nbob@looms.test,Bob\n")
        job = an_import(person, out.getvalue().encode(), policy)
        noted = ImportReject.objects.filter(job=job).count()

    taken = job.imported + job.updated
    assert job.state == ImportState.DONE
    assert taken + job.duplicates + job.suppressed + job.rejected == job.rows
    assert noted == job.not_taken
    with bound(world.acme):
        assert job.leads.count() == job.imported
