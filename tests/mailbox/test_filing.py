"""What Sent knows: doubtful mail, rewritten ids, our own copy, and a backup that was restored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import SYSTEM
from mailbox.actions import Doubt, settle_doubt
from mailbox.errors import NotSendable
from mailbox.filing import GRACE
from mailbox.models import Delivery, Direction, Folder, Mailbox, Message, MessageAlias
from mailbox.syncing import sync_mailbox
from tests.mail_world import a_thread

pytestmark = pytest.mark.dovecot
SENT = ".Sent Things"


def a_mail(mailbox: Mailbox, delivery: Delivery, **changes) -> Message:
    values = {
        "message_id": "<ours@acme.test>",
        "subject": "Looms",
        "body": "Hello",
        "raw": b"To: a@b.test\r\n\r\n",
    }
    values |= {
        "thread": a_thread(mailbox),
        "mailbox": mailbox,
        "direction": Direction.OUT,
        "delivery": delivery,
    }
    message = Message(**values | changes)
    message.save(force_insert=True)
    return message


def copy_of(message: Message, message_id: str | None = None) -> bytes:
    name = message_id or message.message_id
    return f"X-Paitho-Id: {message.pk}\r\nMessage-ID: {name}\r\nTo: a@b.test\r\n\r\nHello\r\n".encode()


LONG_AGO = GRACE + timedelta(minutes=5)


def test_a_doubtful_mail_that_lies_in_sent_went_and_answers_to_its_new_id_are_known(box, dovecot):
    message = a_mail(box, Delivery.UNCERTAIN, at=timezone.now() - LONG_AGO)
    dovecot.deliver(str(box.address), [copy_of(message, "<new@provider.test>")], SENT)

    sync_mailbox(box)

    message.refresh_from_db()
    assert (message.delivery, message.filed_at is not None) == (Delivery.SENT, True)
    assert MessageAlias.objects.get().message_id == "<new@provider.test>"
    assert Mailbox.objects.get().server_files_sent


def test_mail_that_a_restored_backup_calls_scheduled_and_that_lies_in_sent_is_not_sent_again(box, dovecot):
    """The guard: without reading Sent before anything leaves, a restored backup sends everything twice."""
    message = a_mail(box, Delivery.SCHEDULED, due_at=timezone.now() - LONG_AGO)
    dovecot.deliver(str(box.address), [copy_of(message)], SENT)

    sync_mailbox(box)

    message.refresh_from_db()
    assert message.delivery == Delivery.SENT


def test_a_doubtful_mail_is_looked_for_twice_before_a_person_may_send_it_again(box):
    message = a_mail(box, Delivery.UNCERTAIN, at=timezone.now() - LONG_AGO)
    Mailbox.objects.update(server_files_sent=True)

    sync_mailbox(box)
    with pytest.raises(NotSendable):
        settle_doubt(Message.objects.select_related("mailbox").get(), Doubt.AGAIN, by=SYSTEM)
    Message.objects.update(looked_at=timezone.now() - LONG_AGO)
    sync_mailbox(box)
    settle_doubt(Message.objects.select_related("mailbox").get(), Doubt.AGAIN, by=SYSTEM)

    message.refresh_from_db()
    assert message.delivery == Delivery.SCHEDULED


def test_a_server_that_keeps_no_copies_gets_ours_after_two_looks_and_once(box, dovecot):
    at = timezone.now() - LONG_AGO
    message = a_mail(
        box, Delivery.SENT, at=at, raw=b"Message-ID: <ours@acme.test>\r\nTo: a@b.test\r\n\r\nHello\r\n"
    )

    for _ in range(3):
        sync_mailbox(box)
        Message.objects.update(looked_at=timezone.now() - LONG_AGO)

    message.refresh_from_db()
    assert message.filed_at is not None
    assert Mailbox.objects.get().server_files_sent is False
    folder = dovecot.root / "mail" / str(box.address) / SENT
    assert len([*folder.glob("new/*"), *folder.glob("cur/*")]) == 1


def test_an_answer_to_a_rewritten_id_is_ours_and_mail_of_strangers_is_not_stored(box, dovecot):
    message = a_mail(box, Delivery.SENT, filed_at=timezone.now())
    MessageAlias.objects.create(message_id="<new@provider.test>", original=message)
    answer = (
        b"From: Ada <ada@engines.test>\r\nMessage-ID: <a@engines.test>\r\n"
        b"In-Reply-To: <new@provider.test>\r\n\r\nYes\r\n"
    )
    stranger = (
        b"From: X <x@y.test>\r\nMessage-ID: <b@y.test>\r\nIn-Reply-To: <other@y.test>\r\n\r\nPrivate\r\n"
    )
    dovecot.deliver(str(box.address), [stranger, answer, stranger])

    assert sync_mailbox(box) == 1
    assert sync_mailbox(box) == 0

    assert Message.objects.get(direction=Direction.IN).message_id == "<a@engines.test>"


def test_a_first_visit_that_was_cut_off_goes_on_and_another_numbering_stores_nothing_twice(box, dovecot):
    message = a_mail(box, Delivery.SENT, filed_at=timezone.now())
    answers = [
        f"From: Ada <ada@engines.test>\r\nMessage-ID: <{n}@engines.test>\r\n"
        f"In-Reply-To: {message.message_id}\r\n\r\n{n}\r\n".encode()
        for n in range(3)
    ]
    dovecot.deliver(str(box.address), answers)
    sync_mailbox(box)

    dovecot.renumber(str(box.address))
    Folder.objects.filter(role="inbox").update(uidvalidity=7)
    sync_mailbox(box)

    assert Message.objects.filter(direction=Direction.IN).count() == 3


def test_a_visit_that_died_before_it_came_to_sent_does_not_count_as_a_look_through_it(box, dovecot):
    """The guard: a Sent folder that is named and was never read would let a restored backup send twice."""
    sync_mailbox(box)
    Folder.objects.filter(role="sent").update(synced_at=None, last_uid=0, uidvalidity=0)
    message = a_mail(box, Delivery.SCHEDULED, due_at=timezone.now() - LONG_AGO)
    dovecot.deliver(str(box.address), [copy_of(message)], SENT)

    sync_mailbox(box)

    message.refresh_from_db()
    assert message.delivery == Delivery.SENT
