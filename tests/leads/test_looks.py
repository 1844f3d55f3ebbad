"""The pages about leads, looked at: wide and narrow, light and dark, without a complaint of axe."""

from __future__ import annotations

import pytest

from keychain.crypto.secret import Secret
from keychain.models import Kind
from leads.actions import suppress
from leads.actions.opt_ins import opt_in
from leads.actions.people import label_leads, make_label
from leads.actions.requests import erase, open_request
from leads.models import Import, LabelKind, Lead, Reason, RequestKind
from tenants.binding import bound
from tests.browser import picture, sideways, violations
from tests.leads.made import an_answer_pk, an_import, an_upload, by
from tests.paths import DATA

pytestmark = pytest.mark.browser
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


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
        asked = an_answer_pk(person)
    return {
        "list": "/leads/",
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
    }


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_every_page_fits_and_is_accessible(world, as_olga, width, scheme):
    found = {}
    for name, path in pages(world, as_olga.person).items():
        page = as_olga(path, width=width, scheme=scheme)
        picture(page, f"leads-{name}-{width}-{scheme}")
        found[name] = (sideways(page), violations(page))
        page.context.close()

    assert found == {name: (0, []) for name in found}
