"""The pages of mailboxes and threads, through the door."""

from __future__ import annotations

import hashlib

import pytest

from accounts.models import Member
from audit.models import AuditRow
from leads.actions import suppress
from leads.models import Reason
from mailbox.models import Delivery, Direction, Mailbox, Message, SendingSwitch, Thread
from tenants.binding import bound
from tests.mail_world import a_mailbox, a_thread
from tests.world import client_of, olga, rita


@pytest.fixture
def browser(world):
    return client_of(world.acme, olga(world))


def received(thread: Thread, text: str = "Tell me more.", **changes: object) -> Message:
    message = Message(
        thread=thread,
        mailbox=thread.mailbox,
        direction=Direction.IN,
        delivery=Delivery.RECEIVED,
        message_id="<answer@engines.test>",
        subject="Re: Looms",
        body=text,
        kind="reply",
        **changes,
    )
    message.save()
    Thread.objects.filter(pk=thread.pk).update(is_unread=True)
    return message


def test_a_mailbox_that_does_not_answer_is_refused_with_a_sentence_and_not_stored(world, browser):
    form = {
        "address": "olga@acme.example", "sender_name": "Olga", "password": "secret-canary",
        "smtp_host": "127.0.0.1", "smtp_port": "9", "smtp_security": "tls",
        "imap_host": "127.0.0.1", "imap_port": "9", "imap_security": "tls",
        "daily_cap": "50", "gap_seconds": "60",
    }  # fmt: skip

    answer = browser.post("/mailboxes/connect/", form)

    assert answer.status_code == 200
    assert "Sending (SMTP):" in answer.content.decode()
    assert "secret-canary" not in answer.content.decode()
    with bound(world.acme):
        assert not Mailbox.objects.exists()


def test_the_inbox_shows_who_answered_and_a_look_marks_it_read_in_paitho(world, browser):
    with bound(world.acme):
        thread = a_thread()
        received(thread)

    listed = browser.get("/inbox/?show=answer")
    opened = browser.get(f"/inbox/{thread.pk}/")

    assert "ada@engines.test" in listed.content.decode()
    assert "Tell me more." in opened.content.decode()
    with bound(world.acme):
        assert not Thread.objects.get(pk=thread.pk).is_unread


def test_an_answer_is_a_row_before_it_is_a_message(world, browser):
    with bound(world.acme):
        thread = a_thread()
        received(thread)

    answer = browser.post(f"/inbox/{thread.pk}/", {"text": "Gladly: Tuesday at ten?"})

    assert answer.status_code == 302
    with bound(world.acme):
        message = Message.objects.get(direction=Direction.OUT)
        assert (message.delivery, message.subject) == (Delivery.SCHEDULED, "Re: Looms")
        assert b"In-Reply-To: <answer@engines.test>" in message.raw
        assert b"List-Unsubscribe" not in message.raw
        sent = AuditRow.objects.get(event="reply.sent")
        digest = hashlib.sha256(message.raw).hexdigest()
        assert sent.details["data"] == {"message": str(message.pk), "sha256": digest}
        assert sent.actor_id == message.approved_by


def test_each_of_our_letters_names_who_approved_or_wrote_it(world, browser):
    with bound(world.acme):
        thread = a_thread()
        received(thread)
    browser.post(f"/inbox/{thread.pk}/", {"text": "Gladly: Tuesday at ten?"})
    with bound(world.acme):
        writer = Member.objects.get(pk=Message.objects.get(direction=Direction.OUT).approved_by)

    page = browser.get(f"/inbox/{thread.pk}/").content.decode()
    assert f"Written and sent by {writer.name}" in page

    with bound(world.acme):
        Message.objects.filter(direction=Direction.OUT).update(approved_hash=b"x" * 32)
    assert f"Approved by {writer.name}" in browser.get(f"/inbox/{thread.pk}/").content.decode()


def test_whoever_opted_out_cannot_be_answered(world, browser):
    with bound(world.acme):
        thread = a_thread()
        suppress("ada@engines.test", Reason.OPT_OUT)

    answer = browser.post(f"/inbox/{thread.pk}/", {"text": "Please reconsider."})

    assert "asked not to be written to" in answer.content.decode()
    with bound(world.acme):
        assert not Message.objects.exists()


def test_the_switch_pauses_and_resumes_and_is_audited(world, browser):
    browser.post("/mailboxes/switch/")
    with bound(world.acme):
        assert SendingSwitch.objects.get().is_paused

    browser.post("/mailboxes/switch/")
    with bound(world.acme):
        assert not SendingSwitch.objects.get().is_paused
        assert set(AuditRow.objects.values_list("event", flat=True)) >= {"sending.paused", "sending.resumed"}


def test_a_doubtful_mail_is_settled_by_a_person_and_not_sent_again(world, browser):
    with bound(world.acme):
        thread = a_thread()
        message = received(thread)
        Message.objects.filter(pk=message.pk).update(direction="out", delivery=Delivery.UNCERTAIN)

    page = browser.get("/inbox/")
    browser.post(f"/inbox/doubt/{message.pk}/", {"went": "yes"})

    assert "Did these leave?" in page.content.decode()
    with bound(world.acme):
        assert Message.objects.get().delivery == Delivery.SENT


def test_a_member_sees_the_mailboxes_and_connects_none(world):
    with bound(world.acme):
        a_mailbox()
    member = client_of(world.acme, rita(world))

    assert member.get("/mailboxes/").status_code == 200
    assert member.get("/mailboxes/connect/").status_code == 403
