"""Whole visits to a mailbox of Dovecot's: strangers in thousands, folders that move, mail that goes away."""

import tracemalloc

import pytest
from django.utils import timezone
from imapclient import IMAPClient

from mailbox import watching
from mailbox.accounts import imap_account
from mailbox.folders import Role
from mailbox.imap import Session, connect
from mailbox.imap_wire import Wire
from mailbox.matching import answered_ids
from mailbox.models import Delivery, Direction, Folder, Mailbox, Message, Thread
from mailbox.syncing import sync_mailbox
from mailbox.watching import Watch
from tests.mail_world import a_lead

pytestmark = pytest.mark.dovecot


@pytest.fixture
def said(monkeypatch) -> list[bytes]:
    """What is sent to IMAP servers."""
    lines: list[bytes] = []
    plain = Wire.send
    monkeypatch.setattr(Wire, "send", lambda wire, data: (lines.append(bytes(data)), plain(wire, data)))
    return lines


def a_sent_mail(mailbox: Mailbox, number: int = 0) -> str:
    """The id of a mail that we sent to a new lead."""
    lead = a_lead(f"ada{number}@engines.test", first_name="Ada")
    thread = Thread(mailbox=mailbox, lead=lead)
    thread.save()
    out = {"direction": Direction.OUT, "delivery": Delivery.SENT, "filed_at": timezone.now()}
    message = Message(
        thread=thread, mailbox=mailbox, message_id=f"<{number}.{thread.pk}@acme.test>", subject="Looms",
        body="We repair looms.", **out,
    )  # fmt: skip
    message.save()
    return message.message_id


def reply(number: int, to: str, body: str = "Tell me more.\r\n") -> bytes:
    return (
        f"From: Ada <ada{number}@engines.test>\r\nMessage-ID: <{number}.r@engines.test>\r\n"
        f"In-Reply-To: {to}\r\n\r\n{body}"
    ).encode()


def stranger(number: int) -> bytes:
    return (
        f"From: X <x{number}@y.test>\r\nMessage-ID: <{number}@y.test>\r\nSubject: Private\r\n"
        f"References: <{number}.a@y.test>\r\n\r\nPrivate words\r\n"
    ).encode()


def received() -> set[str]:
    return set(Message.objects.filter(direction=Direction.IN).values_list("message_id", flat=True))


@pytest.mark.slow
def test_ten_thousand_strangers_cost_their_headers_and_leave_nothing(box, dovecot, said):
    """The answer lies among them; no stranger's body is asked for, and nothing of theirs is kept."""
    mails = [stranger(number) for number in range(10_000)]
    mails[7_777] = reply(1, a_sent_mail(box, 1))
    dovecot.deliver(str(box.address), mails)

    assert sync_mailbox(box) == 1

    assert received() == {"<1.r@engines.test>"}
    assert Thread.objects.count() == 1
    bodies = [line for line in said if b"BODY.PEEK[]" in line]
    assert [line.split(b" ")[3] for line in bodies] == [b"7778"]
    assert not [line for line in said if b"FETCH" in line and b"PEEK" not in line]


def test_a_senders_domain_is_asked_of_once_and_an_old_friend_elsewhere_in_it_is_a_stranger(box, dovecot):
    """Mail from the lead's address is theirs without any id; a colleague's at the same domain is private."""
    a_sent_mail(box, 1)
    lead = b"From: ada1@ENGINES.test\r\nMessage-ID: <a@engines.test>\r\n\r\nBy the way\r\n"
    colleague = b"From: Bob <bob@engines.test>\r\nMessage-ID: <b@engines.test>\r\n\r\nPrivate\r\n"
    dovecot.deliver(str(box.address), [colleague, lead, stranger(1)])

    assert sync_mailbox(box) == 1

    assert received() == {"<a@engines.test>"}


def test_an_id_with_a_nul_is_none_and_asks_the_database_nothing_that_it_refuses():
    """A hostile server's header would otherwise end every visit to the mailbox."""
    assert answered_ids({"REFERENCES": "<a\0b@x.test> <c@d.test>", "IN-REPLY-TO": "\0"}) == ["<c@d.test>"]


def test_a_folder_that_was_renamed_is_found_by_what_it_is_for(box, dovecot):
    to = [a_sent_mail(box, number) for number in range(2)]
    dovecot.deliver(str(box.address), [reply(0, to[0])], ".Unerw&APw-nschtes")
    assert sync_mailbox(box) == 1
    with IMAPClient("127.0.0.1", dovecot.port, ssl=False, timeout=10) as client:
        client.login(str(box.address), "secret")
        client.rename_folder("Unerwünschtes", "Spam von früher")
        client.append("Spam von früher", reply(1, to[1]))
    box.refresh_from_db()

    sync_mailbox(box)  # what it was called is gone; names are asked for again
    Folder.objects.filter(mailbox=box).update(listed_at=None)
    sync_mailbox(box)

    box.refresh_from_db()
    assert box.problem is None
    junk = Folder.objects.filter(mailbox=box, role=Role.JUNK.value, listed_at__isnull=False)
    assert "Unerwünschtes" in set(junk.values_list("name", flat=True))  # Dovecot makes it anew
    assert "<0.r@engines.test>" in received()


def test_mail_that_is_deleted_between_its_headers_and_its_body_is_no_trouble(box, dovecot, monkeypatch):
    to = [a_sent_mail(box, number) for number in range(3)]
    dovecot.deliver(str(box.address), [reply(number, each) for number, each in enumerate(to)])
    plain = Session.bodies

    def bodies(session, rows, limit):
        with IMAPClient("127.0.0.1", dovecot.port, ssl=False, timeout=10) as client:
            client.login(str(box.address), "secret")
            client.select_folder("INBOX")
            client.delete_messages([2])
            client.expunge()
        return plain(session, rows, limit)

    monkeypatch.setattr(Session, "bodies", bodies)

    assert sync_mailbox(box) == 2

    assert received() == {"<0.r@engines.test>", "<2.r@engines.test>"}
    box.refresh_from_db()
    assert box.problem is None
    assert Folder.objects.get(mailbox=box, role="inbox").last_uid == 3


def test_a_reply_of_fifty_megabytes_is_kept_by_its_beginning(box, dovecot):
    to = a_sent_mail(box, 1)
    picture = "Content-Type: text/plain\r\n\r\nHere is the plan.\r\n" + "A" * 76 + "\r\n"
    huge = reply(1, to, "Yes, gladly.\r\n\r\n" + picture + ("B" * 76 + "\r\n") * 672_000)
    dovecot.deliver(str(box.address), [huge])
    assert len(huge) > 50_000_000
    del huge

    tracemalloc.start()
    stored = sync_mailbox(box)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert stored == 1
    assert peak < 30_000_000
    message = Message.objects.get(direction=Direction.IN)
    assert message.body.startswith("Yes, gladly.")
    assert len(message.raw) == 256 * 1024


def test_waiting_is_asked_for_anew_before_the_server_hangs_up(box, dovecot, said, monkeypatch):
    """RFC 2177: servers may hang up after 30 minutes; we say IDLE again in less than 29, and hear on."""
    assert watching.REISSUE < 29 * 60
    sync_mailbox(box)
    session = connect(imap_account(box))
    watch = Watch()
    monkeypatch.setattr(watch, "run", lambda: None)  # no thread: the turns are taken here
    assert watch.adopt(box, session)
    [line] = watch.lines.values()
    heard = said[:]

    watch.reissue()
    assert said == heard  # not yet

    line.since -= watching.REISSUE + 1
    watch.reissue()
    assert [b"DONE" in each or b"IDLE" in each for each in said[len(heard) :]] == [True, True]
    assert list(watch.mailboxes()) == [box.pk]

    dovecot.deliver(str(box.address), [stranger(1)])
    watch.selector.select(30)
    watch.overhear(line)
    assert box.pk in watch.news
    watch.stop()


def test_a_line_that_is_dead_when_it_is_asked_anew_is_forgotten(box, monkeypatch):
    """The poll finds what it misses: the mailbox says at once that nobody waits in it."""
    sync_mailbox(box)
    session = connect(imap_account(box))
    watch = Watch()
    monkeypatch.setattr(watch, "run", lambda: None)
    assert watch.adopt(box, session)
    [line] = watch.lines.values()
    session.client.wire.shutdown()
    line.since -= watching.REISSUE + 1

    watch.reissue()

    assert list(watch.mailboxes()) == []
    box.refresh_from_db()
    assert box.watched_until is None
    watch.stop()
