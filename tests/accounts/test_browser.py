"""From the sign-up form to the first page of a new workspace, in Chromium, with real mail between."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import picture, sideways, violations
from tests.world import PASSWORD, eddy, olga

pytestmark = pytest.mark.browser


def fill_in(page: Page, slug: str) -> None:
    page.get_by_label("Workspace").fill("Walnut Traders")
    page.get_by_label("Address", exact=True).fill(slug)
    page.get_by_label("Your name").fill("Wanda Walnut")
    page.get_by_label("Your work e-mail").fill("wanda@walnut.example")


def check(page: Page, name: str) -> None:
    """A picture for people, and what a machine can say of it."""
    picture(page, f"accounts-{name}")
    assert violations(page) == []
    assert sideways(page) <= 0


def test_sign_up_leads_to_the_dashboard(live, world, made_here, post, page):
    page.goto(f"{live.apex}/sign-up")
    fill_in(page, "acme")
    expect(page.get_by_text("acme belongs to another workspace")).to_be_visible()
    page.get_by_label("Address", exact=True).fill("in-a-browser")
    expect(page.get_by_text("in-a-browser is free.")).to_be_visible()
    check(page, "sign-up")
    page.get_by_role("button", name="Send the confirmation").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()

    page.goto(post.link())
    check(page, "verify")
    page.get_by_role("button", name="Confirm and make the workspace").click()
    expect(page.get_by_role("heading", name="Making the workspace")).to_be_visible()
    picture(page, "accounts-progress")
    assert page.context.cookies() == [], "the apex sets no cookie"
    live.work()
    page.wait_for_url(f"{live.origin('in-a-browser')}/welcome/*")
    check(page, "welcome")
    page.get_by_label("Password").fill("seven green lanterns")
    page.get_by_role("button", name="Open the workspace").click()

    page.wait_for_url(f"{live.origin('in-a-browser')}/")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    expect(page.locator(".rail-brand")).to_contain_text("Walnut Traders")
    check(page, "today")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-session", True, True)
    assert cookie["domain"] == "in-a-browser.localhost"


def test_sign_up_works_without_scripts(live, world, made_here, post, open_page):
    page = open_page(scripts=False)
    page.goto(f"{live.apex}/sign-up")
    fill_in(page, "acme")
    page.get_by_role("button", name="Send the confirmation").click()
    expect(page.get_by_text("belongs to another workspace").first).to_be_visible()
    page.get_by_label("Address", exact=True).fill("no-scripts")
    page.get_by_role("button", name="Send the confirmation").click()
    page.goto(post.link())
    page.get_by_role("button", name="Confirm and make the workspace").click()
    expect(page.get_by_role("heading", name="Making the workspace")).to_be_visible()
    live.work()

    page.wait_for_url(f"{live.origin('no-scripts')}/welcome/*")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_the_settings_pages_are_fit_to_be_seen(live, world, post, open_page, width):
    olga(world)
    eddy(world)
    page = open_page(width=width)
    page.goto(f"{live.origin('acme')}/sign-in/")
    page.get_by_label("Email").fill("olga@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{live.origin('acme')}/")
    page.goto(f"{live.origin('acme')}/members/")
    page.get_by_label("E-mail address").fill("nora@acme.example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("An invitation is on its way to nora@acme.example.")).to_be_visible()

    for path in ("members/", "settings/", "me/", "me/sessions/", "keychain/", "keychain/add/", "audit/"):
        page.goto(f"{live.origin('acme')}/{path}")
        check(page, f"{path.strip('/').replace('/', '-')}-{width}")
