"""A person at a browser who leaves a word of their own in every category of what Paitho stores."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage

from playwright.sync_api import Page

from tests.canary.outside import Outside

PATIENCE = 120.0
USER = "olga@firm.test"


@dataclass(frozen=True)
class Words:
    """One word for each category; all of them begin with the same letters, which are nowhere else."""

    mark: str = field(default_factory=lambda: f"kanarie{secrets.token_hex(6)}")

    def __getattr__(self, category: str) -> str:
        return f"{self.mark}{category.replace('_', '')}"


CATEGORIES = [
    "lead",
    "reject",
    "draft",
    "sent",
    "received",
    "prompt",
    "response",
    "provider_key",
    "mailbox_password",
    "audit",
]
SECRETS = {"provider_key", "mailbox_password"}


class Session:
    """What the person does, in order. `page` is signed in to the workspace at `home`."""

    def __init__(self, page: Page, home: str, words: Words, world: Outside) -> None:
        self.page, self.home, self.words, self.world = page, home, words, world
        page.set_default_timeout(PATIENCE * 1000)

    def submit(self, name: str | re.Pattern[str]) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name=name).first.click()

    def until(self, path: str, is_there: Callable[[str], bool], act: Callable[[], None] | None = None) -> str:
        """Look at a page until it says what is waited for, doing something meanwhile."""
        ends = time.monotonic() + PATIENCE
        while True:
            self.page.goto(self.home + path)
            words = self.page.inner_text("main")
            if is_there(words):
                return words
            assert time.monotonic() < ends, words
            if act:
                act()
            self.page.wait_for_timeout(500)

    def fail_to_sign_in(self) -> None:
        """The address that somebody tried is a detail of the audit log."""
        self.page.goto(f"{self.home}/sign-in/")
        self.page.fill("[name=login]", f"{self.words.audit}@firm.test")
        self.page.fill("[name=password]", "not the right one")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def sign_in(self, address: str, password: str) -> None:
        self.page.goto(f"{self.home}/sign-in/")
        self.page.fill("[name=login]", address)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.home}/")

    def connect(self) -> None:
        """The provider's key and the mailbox's password."""
        page = self.page
        page.goto(f"{self.home}/keychain/add/")
        page.select_option("[name=kind]", "compatible")
        page.fill("[name=label]", "Our model")
        page.fill("[name=endpoint]", self.world.model)
        page.fill("[name=secret]", self.words.provider_key)
        self.submit(re.compile("seal"))
        page.goto(f"{self.home}/mailboxes/connect/?address={USER}")
        page.fill("[name=sender_name]", "Olga")
        page.fill("[name=password]", self.words.mailbox_password)
        for side, port in (("smtp", self.world.smtp_port), ("imap", self.world.dovecot.tls_port)):
            page.fill(f"[name={side}_host]", "localhost")
            page.fill(f"[name={side}_port]", str(port))
            page.select_option(f"[name={side}_security]", "tls")
        page.fill("[name=gap_seconds]", "0")
        self.submit(re.compile("connect"))
        assert USER in page.inner_text("main")

    def bring_leads(self) -> None:
        """Two leads whose note is the word, and a row that is refused."""
        lead, page = self.words.lead, self.page
        rows = [
            f"ada.{lead}@engines.test,Ada,Engines,{lead}",
            f"bob.{lead}@looms.test,Bob,Looms,{lead}",
            f"nobody {self.words.reject},Nobody,Nowhere,{self.words.reject}",
        ]
        sheet = "\n".join(["email,first_name,company,note", *rows]).encode()
        page.goto(f"{self.home}/leads/imports/new/")
        page.set_input_files(
            "input[type=file]", {"name": "leads.csv", "mimeType": "text/csv", "buffer": sheet}
        )
        self.submit(re.compile("Upload"))
        page.locator("main form button.btn-primary").first.click()
        page.get_by_role("button", name=re.compile("Import 2")).click()
        self.until("/leads/imports/", lambda words: "Done" in words)
        words = self.until(f"/leads/?q={lead}", lambda words: True)
        assert "ada." not in words  # a note is not what leads are found by
        words = self.until(f"/leads/?q=ada.{lead}@engines.test", lambda words: True)
        assert "Ada" in words

    def launch(self, name: str) -> None:
        page = self.page
        page.goto(f"{self.home}/settings/")
        page.fill("[name=postal_address]", "1 Main Street, 10115 Berlin")
        self.submit(re.compile("Save"))
        page.goto(f"{self.home}/campaigns/new/")
        page.fill("[name=name]", name)
        page.fill("[name=offer]", f"We repair looms within a day.\nAsk for {self.words.prompt}.")
        page.fill("[name=goal]", "A call of ten minutes.")
        page.select_option("[name=legal_basis]", "legitimate_interest")
        for _ in ("brief", "audience", "mails"):
            self.submit("Save and go on")
        writer = page.locator("[name=writer] option", has_text="Our model").get_attribute("value")
        page.select_option("[name=writer]", writer)
        page.fill("[name=writer_model]", "local")
        self.submit("Save and go on")
        page.get_by_label(re.compile(re.escape(USER))).check()
        for box in page.locator("[name=days]").all():
            box.check()
        page.fill("[name=begins]", "00:00")
        page.fill("[name=ends]", "23:59")
        self.submit("Save and go on")
        self.submit("Launch")

    def review(self) -> None:
        """One draft is edited and waits, the other is edited and approved."""
        self.until("/review/", lambda words: words.count(self.words.lead) == 2)
        pages = [link.get_attribute("href") for link in self.page.locator("main table th a").all()]
        for path, word in zip(pages, (self.words.draft, self.words.sent), strict=True):
            self.page.goto(f"{self.home}{path}")
            self.page.locator("summary[data-key=e]").click()
            self.page.fill("[name=body]", f"Hello,\n\nwe repair looms. {word}")
            self.page.fill("[name=subject]", f"A question {word}")
            self.submit("Save")
        self.page.locator("button[data-key=a]").click()
        self.page.wait_for_load_state()

    def receive(self) -> None:
        """The mail leaves, its reader answers, and the answer is read on the page."""
        ends = time.monotonic() + PATIENCE
        while not self.world.taken.mails:
            assert time.monotonic() < ends, self.until("/mailboxes/", lambda words: True)
            self.page.wait_for_timeout(300)
        sent = self.world.taken.mails[0]
        answer = EmailMessage()
        answer["From"], answer["To"] = sent["To"], sent["From"]
        answer["Subject"] = f"Re: A question {self.words.received}"
        answer["In-Reply-To"] = answer["References"] = sent["Message-ID"]
        answer["Message-ID"] = f"<{secrets.token_hex(8)}@looms.test>"
        answer.set_content(f"Do tell me more, {self.words.received}.")
        self.world.dovecot.deliver(USER, [answer.as_bytes()])
        self.until("/inbox/?show=replies", lambda words: "looms.test" in words or "engines.test" in words)
        self.page.locator("main table a").first.click()
        assert self.words.received in self.page.inner_text("main")
