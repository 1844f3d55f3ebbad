"""The review queue in a browser, by keyboard only, and how the pages of campaigns look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from audit.actors import Actor
from campaigns.forms import PARTS
from campaigns.models import Draft, Enrollment, Stage, Verdict
from mailbox.models import Delivery, Message
from tenants.binding import bound
from tests.browser import WIDTHS, OpenPage, complaints_of
from tests.campaigns.world import a_sent_mail
from tests.world import PASSWORD, olga

pytestmark = pytest.mark.browser
# Pages that show what the sandbox wrote, or lead to it
SAY_SO = {"campaign", "campaign-leads", "campaign-launch", "review", "review-draft", "review-clean", "calls"}


def signed_in(page: Page, port: int) -> str:
    acme = f"http://acme.localhost:{port}"
    page.goto(f"{acme}/sign-in/")
    page.get_by_label("Email").fill("olga@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    page.wait_for_load_state()
    return acme


def test_a_reviewer_needs_no_mouse(world, reviewed, page, port):
    signed_in(page, port)
    with bound(world.acme):
        waiting = Draft.objects.filter(verdict=Verdict.IN_REVIEW).count()

    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator(".page-head .mono")).to_have_text(f"1 of {waiting}")

    page.keyboard.press("j")
    expect(page.locator(".page-head .mono")).to_have_text(f"2 of {waiting}")
    page.keyboard.press("k")
    expect(page.locator(".page-head .mono")).to_have_text(f"1 of {waiting}")

    page.keyboard.press("e")
    expect(page.get_by_label("Subject", exact=True)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("An edited subject")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="An edited subject")).to_be_visible()
    expect(page.locator("ins", has_text="An edited subject")).to_be_visible()

    page.wait_for_load_state("networkidle")
    page.evaluate("window.wasHere = true")
    page.keyboard.press("a")
    expect(page.get_by_text("Approved. It leaves from")).to_be_visible()
    expect(page.locator(".page-head .mono")).to_have_text(f"1 of {waiting - 1}")
    assert page.evaluate("window.wasHere"), "The next draft was there already: no page was loaded."

    page.keyboard.press("r")
    expect(page.get_by_label("What should be different?")).to_be_focused()
    page.keyboard.type("Shorter, please.")
    page.keyboard.press("Escape")
    expect(page.get_by_label("What should be different?")).not_to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("What should be different?")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("It is being written again")).to_be_visible()

    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Reject for good")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rejected. This lead is not written to")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_text("Write again, with a note")).to_be_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Approve the clean drafts")).to_be_visible()
    with bound(world.acme):
        clean = Draft.objects.filter(verdict=Verdict.IN_REVIEW, is_clean=True).count()
    page.keyboard.press("a")
    expect(page.get_by_text(f"{clean} drafts approved.")).to_be_visible()

    with bound(world.acme):
        assert Draft.objects.filter(verdict=Verdict.IN_REVIEW).count() == waiting - 3 - clean
        scheduled = Message.objects.filter(delivery=Delivery.SCHEDULED)
        assert len(scheduled) == 1 + clean
        assert "An edited subject" in {message.subject for message in scheduled}
        assert Enrollment.objects.filter(stage=Stage.DRAFTING).count() == 1
        assert Enrollment.objects.filter(stop_reason="rejected").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_fit_and_read(world, reviewed, open_page: OpenPage, port, width):
    campaign, _ = reviewed
    page = open_page(width=width)
    acme = signed_in(page, port)
    with bound(world.acme):
        flagged = Draft.objects.filter(verdict=Verdict.IN_REVIEW, is_clean=False).first()
    here = {
        "today": "/",
        "campaigns": "/campaigns/",
        "campaign": f"/campaigns/{campaign.pk}/",
        "campaign-leads": f"/campaigns/{campaign.pk}/leads/",
        **{f"campaign-{part}": f"/campaigns/{campaign.pk}/setup/{part}/" for part in PARTS},
        "campaign-new": "/campaigns/new/",
        "campaign-limit": "/campaigns/limit/",
        "campaign-launch": f"/campaigns/{campaign.pk}/checklist/",
        "review": "/review/",
        "review-draft": f"/review/{flagged.pk}/",
        "review-clean": "/review/approve-clean/",
        "calls": "/calls/",
    }

    for name, path in here.items():
        page.goto(acme + path)
        assert complaints_of(page, name) == [], name
        if name in SAY_SO:
            expect(page.get_by_text(re.compile("No model was asked|asks no model")).first).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_recipients_page_needs_no_script_and_sets_no_cookie(world, open_page: OpenPage, port, width):
    person = olga(world)
    with bound(world.acme):
        _, token = a_sent_mail(Actor(person.pk, "Olga"))
    page = open_page(width=width)
    page.goto(f"http://acme.localhost:{port}/o/{token}")
    assert complaints_of(page, "recipient") == []

    page.get_by_role("button", name="Do not write to me again").click()

    expect(page.get_by_role("heading", name="You will not hear from us again")).to_be_visible()
    page.get_by_role("button", name="Ask for erasure").click()
    expect(page.get_by_text("erased within 30 days")).to_be_visible()
    assert page.context.cookies() == []


def test_a_draft_is_decided_without_scripts(world, reviewed, open_page: OpenPage, port):
    page = open_page(scripts=False)
    acme = signed_in(page, port)
    with bound(world.acme):
        draft = Draft.objects.filter(verdict=Verdict.IN_REVIEW).first()
    page.goto(f"{acme}/review/{draft.pk}/")

    page.locator("summary", has_text="Write again").click()
    page.get_by_label("What should be different?").fill("Shorter.")
    page.get_by_role("button", name="Write again").click()

    expect(page.get_by_text("It is being written again")).to_be_visible()
    with bound(world.acme):
        assert Draft.objects.get(pk=draft.pk).verdict == Verdict.REJECTED
