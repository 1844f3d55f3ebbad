"""The address page in Chromium: at desk and phone width, light and dark, and for machines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tenants import domains
from tests.browser import WIDTHS, complaints_of
from tests.world import PASSWORD, olga

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def afterwards(world, superuser):
    yield
    superuser.execute("DELETE FROM public.domains WHERE kind <> 'slug'; DELETE FROM public.domain_claims")


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_the_address_page_shows_each_host_and_what_to_do(live, world, superuser, open_page, width):
    owner = olga(world)
    domains.claim(world.acme.id, "outreach.acme-corp.com")
    superuser.execute(
        "INSERT INTO public.domains (host, workspace_id, is_primary, kind, verified_at)"
        " VALUES ('acme-before.localhost', %s, false, 'former', now())",
        [world.acme.id],
    )
    page = open_page(width=width)
    page.goto(f"{live.origin('acme')}/sign-in/?next=/address/")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Address", exact=True)).to_be_visible()
    expect(page.get_by_text("_paitho.outreach.acme-corp.com")).to_be_visible()
    assert complaints_of(page, "address") == []

    page.goto(f"{live.origin('acme')}/address/rename/")
    assert complaints_of(page, "rename") == []
