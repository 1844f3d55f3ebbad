"""The pages about leads, looked at: wide and narrow, light and dark, without a complaint of axe."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import expect

from keychain.crypto.secret import Secret
from keychain.models import Kind
from leads.actions import suppress
from leads.actions.filters import save_filter
from leads.actions.opt_ins import opt_in
from leads.actions.people import label_leads, make_label
from leads.actions.requests import erase, open_request
from leads.actions.sources import opt_in_file
from leads.filtering import Filter
from leads.listing import Order
from leads.models import Import, LabelKind, Lead, Reason, RequestKind
from tenants.binding import bound
from tests.browser import WIDTHS, complaints_of_all
from tests.leads.made import a_bulk_question_pk, an_answer_pk, an_import, an_upload, by
from tests.paths import DATA

pytestmark = pytest.mark.browser


def pages(world, person) -> dict[str, str]:
    """A workspace at work, and the addresses of its pages."""
    with bound(world.acme):
        suppress("art@venere.org", Reason.OPT_OUT)
        data = (DATA / "us-500.csv").read_bytes()
        broken = data + b'"Ann","Ort","Co","1 St","X","Y","ZZ","1","1","1","no address","w"\n'
        done = an_import(person, broken)
        waiting = an_upload(person, broken)
        lead = Lead.objects.order_by("pk").first()
        label_leads(make_label(LabelKind.TAG, "spring"), [lead.pk])
        job = Import.objects.get(pk=done.pk)
        request = open_request(RequestKind.ERASURE, lead.email, by=by(person))
        erased = open_request(RequestKind.ERASURE, "art@venere.org", by=by(person))
        erase(erased, by=by(person))
        opt_in(Kind.APOLLO, Secret("key-canary"), by=by(person))
        asked, many = an_answer_pk(person), a_bulk_question_pk(person)
        save_filter("Never written to, in Ohio", Filter(touched="never"), Order.NEWEST, by=by(person))
        make_label(LabelKind.LIST, "Audience of the spring campaign")
        directory = b"email,city\nann@looms.test,Ulm\n"
        opt_in_file(io.BytesIO(directory), "town.csv", len(directory), by=by(person))
    return {
        "list": "/leads/",
        "filtered": "/leads/?q=venere&touched=never&sort=-changed",
        "labels": "/leads/labels/",
        "lead": f"/leads/{lead.pk}/",
        "edit": f"/leads/{lead.pk}/edit/",
        "delete": f"/leads/{lead.pk}/delete/",
        "imports": "/leads/imports/",
        "upload": "/leads/imports/new/",
        "columns": f"/leads/imports/{waiting.pk}/columns/",
        "check": f"/leads/imports/{waiting.pk}/check/",
        "import": f"/leads/imports/{job.pk}/",
        "suppressed": "/privacy/?q=art@venere.org",
        "requests": "/privacy/requests/",
        "request": f"/privacy/requests/{request.pk}/",
        "receipt": f"/privacy/requests/{erased.pk}/",
        "enrichment": "/privacy/enrichment/",
        "enrich": f"/leads/{asked['pk']}/enrich/",
        "answers": f"/leads/bulk/{many['pk']}/answers/",
        "bulk": f"/leads/bulk/{many['pk']}/",
    }


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_is_accessible(world, as_olga, width):
    paths = pages(world, as_olga.person)
    page = as_olga("/leads/", width=width)
    origin = page.url.removesuffix("/leads/")

    addresses = {name: origin + path for name, path in paths.items()}
    assert complaints_of_all(page, addresses, prefix="leads") == {}


WATCH = """() => {
    const bar = document.querySelector("[data-upload-progress]");
    const watch = new MutationObserver(() => sessionStorage.setItem("shown", !bar.hidden));
    watch.observe(bar, { attributes: true });
}"""


def test_an_upload_shows_its_progress_and_a_refusal_stands_by_the_field(world, as_olga):
    rows = b"".join(b"person%d@looms.test,Pat\n" % number for number in range(120_000))
    page = as_olga("/leads/imports/new/")
    bar = page.locator("[data-upload-progress]")
    expect(bar).to_be_hidden()

    page.locator("input[type=file]").set_input_files(
        {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 not a table"}
    )
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_text("This is a PDF document. Upload a CSV file instead.").first).to_be_visible()

    page.evaluate(WATCH)
    page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": b"email,name\n" + rows}
    )
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url(re.compile("/columns/$"))

    assert page.evaluate("() => sessionStorage.getItem('shown')") == "true"
    page.context.close()
