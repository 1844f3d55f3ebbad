"""The main job by mouse and keyboard: from sign-up to a received reply."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import picture
from tests.embedded.test_up import Installation
from tests.paths import DATA

pytestmark = pytest.mark.browser
PATIENCE = 180.0
MOST_DRAFTS = 400  # of the 437 that fit the offer
OFFER = "We repair looms within a day.\nThe first visit is free."


class Journey:
    """A person who has just heard of Paitho."""

    def __init__(self, page: Page, port: int) -> None:
        self.page = page
        self.apex, self.home = f"http://localhost:{port}", f"http://looms.localhost:{port}"
        page.set_default_timeout(PATIENCE * 1000)

    def submit(self, name: str | re.Pattern[str]) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name=name).first.click()

    def until(self, path: str, is_there: Callable[[str], bool]) -> str:
        """Look at a page until it says what is waited for."""
        ends = time.monotonic() + PATIENCE
        while True:
            self.page.goto(self.home + path)
            words = self.page.inner_text("main")
            if is_there(words):
                return words
            assert time.monotonic() < ends, words
            self.page.wait_for_timeout(1000)

    def sign_up(self) -> None:
        page = self.page
        page.goto(f"{self.apex}/sign-up")
        page.fill("[name=workspace_name]", "Looms")
        page.fill("[name=slug]", "looms")
        page.fill("[name=name]", "Olga")
        page.fill("[name=email]", "olga@looms.example")
        self.submit("Send the confirmation")
        page.goto(f"{self.apex}/sandbox-mail")
        page.get_by_role("main").get_by_role("link").first.click()
        link = re.search(r"http://[^\s\"'<>]+/verify/[^\s\"'<>]+", page.content())
        assert link is not None
        page.goto(link[0])
        page.get_by_role("button", name=re.compile("Confirm")).click()
        page.wait_for_selector("[name=password], a[href*='/welcome/']")
        if page.locator("[name=password]").count() == 0:
            page.locator("a[href*='/welcome/']").first.click()
        page.fill("[name=name]", "Olga")
        page.fill("[name=password]", "correct horse battery staple")
        page.locator("main button.btn-primary").first.click()
        page.wait_for_url(f"{self.home}/")

    def set_up(self) -> None:
        page = self.page
        page.goto(f"{self.home}/settings/")
        page.fill("[name=postal_address]", "1 Main Street, 10115 Berlin")
        self.submit(re.compile("Save"))
        page.goto(f"{self.home}/mailboxes/")
        self.submit("Add a sandbox mailbox")
        page.goto(f"{self.home}/keychain/add/")
        page.select_option("[name=kind]", "sandbox")
        page.fill("[name=label]", "Sandbox writer")
        self.submit(re.compile("seal"))

    def bring_leads(self) -> None:
        page = self.page
        page.goto(f"{self.home}/leads/imports/new/")
        page.set_input_files("input[type=file]", DATA / "us-500.csv")
        self.submit(re.compile("Upload"))
        page.locator("main form button.btn-primary").first.click()
        page.get_by_role("button", name=re.compile("Import 500")).click()
        self.until("/leads/imports/", lambda words: "Done" in words and "500" in words)

    def start_campaign(self) -> None:
        page = self.page
        page.goto(f"{self.home}/campaigns/new/")
        page.fill("[name=name]", "Looms in spring")
        page.fill("[name=offer]", OFFER)
        page.fill("[name=goal]", "A call of ten minutes.")
        page.select_option("[name=legal_basis]", "legitimate_interest")
        for _ in ("brief", "audience", "mails"):
            self.submit("Save and go on")
        page.select_option("[name=writer]", index=1)
        self.submit("Save and go on")
        for box in page.locator("[name=mailboxes], [name=days]").all():
            box.check()
        page.fill("[name=begins]", "00:00")
        page.fill("[name=ends]", "23:59")
        self.submit("Save and go on")
        self.submit("Launch")

    def approve(self) -> None:
        self.until("/review/", has_most_drafts)  # of a few only, none might be one that the sandbox answers
        self.until("/", lambda words: "Looms in spring" in words)
        self.page.goto(f"{self.home}/review/approve-clean/")
        self.submit(re.compile("Approve"))


def has_most_drafts(words: str) -> bool:
    waiting = re.search(r"(\d+) waiting", words)
    return waiting is not None and int(waiting[1]) >= MOST_DRAFTS


@pytest.mark.slow
def test_from_sign_up_to_a_received_reply(running: Installation, page: Page) -> None:
    someone = Journey(page, running.port)

    someone.sign_up()
    picture(page, "journey-1-welcome")
    someone.set_up()
    picture(page, "journey-2-keychain")
    someone.bring_leads()
    picture(page, "journey-3-imported")
    someone.start_campaign()
    picture(page, "journey-4-launched")
    someone.approve()
    picture(page, "journey-5-approved")
    words = someone.until("/inbox/?show=replies", lambda words: "Reply" in words)
    picture(page, "journey-6-inbox")
    page.locator("table a").first.click()
    picture(page, "journey-7-thread")

    assert "sales@looms.sandbox" in words
    audit = someone.until("/audit/", lambda words: "Draft approved" in words)
    assert "Campaign launched" in audit
