"""Reading mailboxes, against Dovecot."""

import shutil
import time
import tracemalloc
from datetime import UTC, date, datetime, timedelta

import pytest
from imapclient import IMAPClient

from keychain.crypto.secret import Secret
from mailbox.account import Auth, Patience, Security
from mailbox.folders import Folder, Role
from mailbox.imap import Body, Found, Session, connect
from mailbox.imap_rows import batches, uid_set
from mailbox.trouble import AuthRefused, FolderGone, Unreachable
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import faulty_proxy

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.skipif(
        not shutil.which("dovecot"), reason="dovecot is not installed (apt-get install dovecot-imapd)"
    ),
]
INBOX = Folder("INBOX", Role.INBOX)
SENT = Folder("Sent Things", Role.SENT)
HASTY = Patience(connect=30, answer=1)


def mail(number: object, *, body: str = "Hello\r\n", **fields: str) -> bytes:
    head = {
        "From": "Ana <ana@corp.example>",
        "Message-ID": f"<{number}@corp.example>",
        "Subject": f"S {number}",
    }
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return ("".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n" + body).encode()


def raw_client(dovecot: Dovecot, user: str, folder: str = "INBOX") -> IMAPClient:
    client = IMAPClient("127.0.0.1", dovecot.port, ssl=False, timeout=10)
    client.login(user, "secret")
    client.select_folder(folder)
    return client


def recorded(session: Session) -> list[bytes]:
    """The lines that the session sends from now on."""
    sent: list[bytes] = []
    wire = session.client.wire
    plain_send = wire.send
    wire.send = lambda data: (sent.append(bytes(data)), plain_send(data))
    return sent


def opened_inbox(session: Session) -> Session:
    session.state(INBOX)
    return session


def test_folders_have_roles_by_special_use_with_spaces_and_other_alphabets(dovecot):
    with connect(dovecot.account("roles")) as session:
        found = {folder.role: folder.name for folder in session.folders()}

        assert found == {Role.INBOX: "INBOX", Role.JUNK: "Unerwünschtes", Role.SENT: "Sent Things"}
        for folder in session.folders():
            assert session.state(folder).uidnext == 1


def test_headers_come_with_size_and_without_bodies(dovecot):
    first = mail("a", In_Reply_To="<1@acme.example>", References="<0@acme.example>\r\n <1@acme.example>")
    odd = b"Date: 1st\r\nDATE: 2nd\r\nMessage-Id:\r\n <folded@x>\r\nFrom: \xe9\r\n\r\n"
    dovecot.deliver("headers", [first, odd, b"no header at all"])

    with opened_inbox(connect(dovecot.account("headers"))) as session:
        rows = session.headers(session.new_uids(0))

    assert [row.uid for row in rows] == [1, 2, 3]
    assert rows[0].size == len(first)
    assert rows[0].fields["REFERENCES"] == "<0@acme.example> <1@acme.example>"
    assert rows[0].fields["IN-REPLY-TO"] == "<1@acme.example>"
    assert rows[1].fields == {"DATE": "1st", "MESSAGE-ID": "<folded@x>", "FROM": "\ufffd"}
    assert rows[2].fields == {}


def test_only_newer_messages_are_new(dovecot):
    dovecot.deliver("newer", [mail(n) for n in range(5)])

    with opened_inbox(connect(dovecot.account("newer"))) as session:
        assert session.new_uids(3) == [4, 5]
        assert session.new_uids(5) == []
        assert session.new_uids(99) == []
        assert session.uids_since(date(2020, 1, 1)) == [1, 2, 3, 4, 5]
        assert session.uids_since(datetime.now(UTC).date() + timedelta(days=2)) == []


def test_reading_leaves_no_trace(dovecot):
    """Guards EXAMINE and BODY.PEEK: each of them alone would do."""
    dovecot.deliver("traceless", [mail(n) for n in range(3)])

    with connect(dovecot.account("traceless")) as session:
        sent = recorded(session)
        session.state(INBOX)
        session.headers([1, 2, 3])
        session.body(1, 1000)
        session.idle(0.1)

    with raw_client(dovecot, "traceless") as client:
        assert all(b"\\Seen" not in flags for flags in client.get_flags([1, 2, 3]).values())
        assert client.search() == [1, 2, 3]
    said = b" ".join(sent)
    assert b" EXAMINE " in said
    assert not any(b" " + verb + b" " in said for verb in (b"SELECT", b"STORE", b"COPY", b"MOVE", b"EXPUNGE"))
    assert all(b"BODY.PEEK[" in line for line in sent if b"FETCH" in line)


def test_while_one_batch_is_read_the_next_is_on_its_way_and_nothing_is_mixed_up(dovecot):
    """Bodies are read between two batches, and come after the headers that were asked ahead."""
    dovecot.deliver("crowd", [mail(n) for n in range(10_100)])
    rows, bodies = [], {}

    with opened_inbox(connect(dovecot.account("crowd"))) as session:
        sent = recorded(session)
        for batch in session.header_batches(session.new_uids(0)):
            rows += batch
            bodies |= session.bodies(batch[:2], 500)

    assert [row.fields["MESSAGE-ID"] for row in rows] == [f"<{n}@corp.example>" for n in range(10_100)]
    assert {uid: body[:40] for uid, body in bodies.items()} == {
        n + 1: mail(n)[:40] for n in (0, 1, 1_000, 1_001, 6_000, 6_001)
    }
    asked = [line.split(b" ")[3] for line in sent if b"HEADER.FIELDS" in line]
    assert asked == [b"1:1000", b"1001:6000", b"6001:10100"]


@pytest.mark.parametrize(
    ("uids", "named"),
    [([], ""), ([7], "7"), ([1, 2, 3], "1:3"), ([1, 2, 3, 7, 9, 10], "1:3,7,9:10"), ([1, 3, 5], "1,3,5")],
)
def test_uids_are_named_in_few_words(uids, named):
    assert uid_set(uids) == named


def test_no_command_is_longer_than_servers_take():
    scattered = list(range(1_000_000, 1_020_000, 2))

    portions = list(batches(scattered, 2_000))

    assert [uid for portion in portions for uid in portion] == scattered
    assert max(len(uid_set(portion)) for portion in portions) <= 7_000
    assert [len(portion) for portion in batches(range(1, 5_001), 2_000)] == [2_000, 2_000, 1_000]


def test_a_huge_message_costs_little_memory(dovecot):
    huge = mail("huge", body="first words\r\n" + ("y" * 76 + "\r\n") * 350_000)
    dovecot.deliver("huge", [huge, mail("small")])

    with opened_inbox(connect(dovecot.account("huge"))) as session:
        tracemalloc.start()
        [row, _] = session.headers([1, 2])
        body = session.body(1, 262_144)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        small = session.body(2, 262_144)

    assert row.size == len(huge) > 26_000_000
    assert (len(body.content), body.is_whole) == (262_144, False)
    assert huge.startswith(body.content)
    assert peak < 3_000_000
    assert small == Body(mail("small"), is_whole=True)


@pytest.mark.parametrize(("limit", "is_whole"), [(-1, False), (0, True), (1, True)])
def test_a_body_knows_whether_it_is_whole(dovecot, limit, is_whole):
    message = mail("exact")
    dovecot.deliver(f"exact{limit}", [message])

    with opened_inbox(connect(dovecot.account(f"exact{limit}"))) as session:
        body = session.body(1, len(message) + limit)

    assert body.is_whole == is_whole
    assert message.startswith(body.content)


def test_a_message_deleted_meanwhile_is_simply_missing(dovecot):
    dovecot.deliver("expunged", [mail(n) for n in range(5)])
    with opened_inbox(connect(dovecot.account("expunged"))) as session:
        uids = session.new_uids(0)
        with raw_client(dovecot, "expunged") as client:
            client.delete_messages([2, 4])
            client.expunge()

        assert session.body(2, 100) is None
        assert {1, 3, 5} <= {row.uid for row in session.headers(uids)}


def test_a_folder_that_lost_its_numbers_has_another_uidvalidity(dovecot):
    dovecot.deliver("renumbered", [mail(n) for n in range(3)])
    with connect(dovecot.account("renumbered")) as session:
        before = session.state(INBOX)
    time.sleep(1.1)  # Dovecot makes the number from the clock's seconds

    dovecot.renumber("renumbered")

    with connect(dovecot.account("renumbered")) as session:
        after = session.state(INBOX)
        assert after.uidvalidity != before.uidvalidity
        assert len(session.new_uids(0)) == 3


def test_a_renamed_folder_is_gone(dovecot):
    with connect(dovecot.account("renamer")) as session:
        assert session.folder(Role.JUNK) is not None
        with pytest.raises(FolderGone) as trouble:
            session.state(Folder("Junk of yesterday", Role.JUNK))
        assert "Junk of yesterday" in str(trouble.value)
        assert session.state(INBOX).uidnext == 1


def test_a_sent_copy_is_found_by_either_id_and_tells_its_own(dovecot):
    account = dovecot.account("sender")
    with connect(account) as session:
        assert session.append_to_sent(mail("ours", X_Paitho_Id="row-1"), datetime.now(UTC))
        assert session.append_to_sent(mail("rewritten-by-server", X_Paitho_Id="row-2"), datetime.now(UTC))
        session.append_to_sent(mail("ours-not", X_Paitho_Id="row-22"), datetime.now(UTC))

        assert session.find_in_sent("<ours@corp.example>", "row-1") == [Found(1, "<ours@corp.example>")]
        assert session.find_in_sent("<original@acme.example>", "row-2") == [
            Found(2, "<rewritten-by-server@corp.example>")
        ]
        assert session.find_in_sent("<never@acme.example>", "row-3") == []
        assert session.find_in_sent("<x@y>\r\n1 DELETE INBOX", "row-1") == []

    with raw_client(dovecot, "sender", "Sent Things") as client:
        assert client.get_flags([1])[1] == (b"\\Seen", b"\\Recent") or b"\\Seen" in client.get_flags([1])[1]


def test_idle_returns_when_mail_comes_and_when_the_time_is_over(dovecot):
    with opened_inbox(connect(dovecot.account("idler"))) as session:
        started = time.monotonic()
        assert not session.idle(0.2)
        assert time.monotonic() - started < 10
        with raw_client(dovecot, "idler") as client:
            client.append("INBOX", mail("new"))
            assert session.idle(30)

        assert session.new_uids(0) == [1]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_encrypted_connections_are_verified(dovecot, security):
    port = dovecot.tls_port if security is Security.TLS else dovecot.port
    account = dovecot.account("secure", port=port, security=security, ca_file=str(dovecot.certificate.ca))
    with connect(account) as session:
        assert session.state(INBOX).uidnext == 1

    with pytest.raises(Unreachable) as trouble:
        connect(dovecot.account("secure", port=port, security=security))
    assert "shows a certificate that is not valid" in str(trouble.value)


def test_a_wrong_password_is_told_in_the_servers_words(dovecot):
    with pytest.raises(AuthRefused) as trouble:
        connect(dovecot.account("anybody", secret=Secret("wröng")))

    assert str(trouble.value).startswith("localhost did not accept the user name and password. It said: ")
    assert "AUTHENTICATIONFAILED" in str(trouble.value)
    assert "wröng" not in str(trouble.value)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_an_access_token_signs_in(dovecot, mechanism, monkeypatch):
    if mechanism == "OAUTHBEARER":
        monkeypatch.setattr("mailbox.imap_wire.Client.capabilities", lambda self: (b"AUTH=OAUTHBEARER",))
    account = dovecot.account("tokened", secret=Secret("token-of-tokened"), auth=Auth.XOAUTH2)
    with connect(account) as session:
        assert session.state(INBOX).uidnext == 1

    with pytest.raises(AuthRefused):
        connect(dovecot.account("tokened", secret=Secret("expired"), auth=Auth.XOAUTH2))


def test_a_connection_cut_in_a_fetch_is_noticed_at_once_and_nothing_is_half(dovecot):
    dovecot.deliver("cut", [mail(n, body="z" * 3000) for n in range(2000)])
    with faulty_proxy(dovecot.port, after=60_000) as port:
        account = dovecot.account("cut", port=port)
        with pytest.raises(Unreachable) as trouble, opened_inbox(connect(account)) as session:
            session.headers(session.new_uids(0))

    assert str(trouble.value) == "localhost closed the connection."


def test_a_stalled_connection_ends_in_time(dovecot):
    dovecot.deliver("stall", [mail(n) for n in range(2000)])
    with faulty_proxy(dovecot.port, after=60_000, stalls=True) as port:
        account = dovecot.account("stall", port=port, patience=HASTY)
        started = time.monotonic()
        with pytest.raises(Unreachable) as trouble, opened_inbox(connect(account)) as session:
            session.headers(session.new_uids(0))

    assert str(trouble.value) == "localhost did not answer in time."
    assert time.monotonic() - started < 20


def test_an_idle_poll_takes_few_commands(dovecot):
    dovecot.deliver("poll", [mail(n) for n in range(3)])
    account = dovecot.account("poll")
    with connect(account) as session:
        sent = recorded(session)
        assert session.state(INBOX).uidnext == 4

    assert len(sent) == 2  # EXAMINE and LOGOUT
