"""The pages of mailboxes and of a conversation in a browser: wide and narrow, light and dark."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mailbox.models import Delivery, Direction, Mailbox, Message
from tenants.binding import bound
from tests.browser import WIDTHS, complaints_of
from tests.mail_world import a_mailbox, a_thread
from tests.world import PASSWORD, olga

pytestmark = pytest.mark.browser
FOUND = [
    {"name": "SPF", "state": "good", "sentence": "The domain names the servers.", "record": "v=spf1 -all"},
    {
        "name": "DKIM",
        "state": "warn",
        "sentence": "The signature does not cover: list-unsubscribe.",
        "record": "",
    },
    {"name": "DMARC", "state": "bad", "sentence": "There is no policy.", "record": ""},
]


@pytest.fixture
def pages(world):
    """Olga, a mailbox with findings, a thread with an answer, and a doubtful mail."""
    person = olga(world)
    with bound(world.acme):
        box = a_mailbox()
        box.deliverability, box.deliverability_at = {"findings": FOUND}, timezone.now()
        box.save()
        thread = a_thread(box)
        common = {"thread": thread, "mailbox": box, "subject": "Looms"}
        out = {"direction": Direction.OUT, "message_id": "<1@acme.test>", "body": "Shall we talk?"}
        Message(delivery=Delivery.UNCERTAIN, looks=2, **out, **common).save()
        Mailbox.objects.update(server_files_sent=True)
        came = {
            "direction": Direction.IN,
            "message_id": "<2@x.test>",
            "body": "Tell me more.",
            "kind": "reply",
            "intent": "interested",
            "intent_by": "model",
        }
        Message(delivery=Delivery.RECEIVED, **came, **common).save()
        yield person, [
            "/mailboxes/", "/mailboxes/connect/", "/mailboxes/connect/?address=olga@gmail.com",
            f"/mailboxes/{box.pk}/", f"/mailboxes/{box.pk}/deliverability/",
            "/inbox/?show=all", f"/inbox/{thread.pk}/", "/campaigns/replies/",
        ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_mailboxes_open_without_a_complaint(pages, open_page, port, width):
    person, paths = pages
    page = open_page(width=width)
    page.goto(f"http://acme.localhost:{port}/sign-in/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()

    for number, path in enumerate(paths):
        page.goto(f"http://acme.localhost:{port}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert complaints_of(page, f"mailbox-{number}") == [], path
