"""What servers other than Dovecot say, and what no server should: all of it ends in a word of ours."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keychain.crypto.secret import Secret
from mailbox.account import Account, Patience, Security
from mailbox.folders import Folder, Listed, Role, chosen
from mailbox.imap import HeaderRow, State, connect
from mailbox.imap_rows import header_rows
from mailbox.trouble import AuthRefused, FolderGone, MailboxTrouble, NotDone, Throttled, Unreachable
from tests.servers.imap_script import ImapScript, scripted_imap

INBOX = Folder("INBOX", Role.INBOX)
SELECTED = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 9] ok\r\n{tag} OK [READ-ONLY] done\r\n"


def account(script: ImapScript, **changes) -> Account:
    settings_of = {
        "host": "localhost",
        "port": script.port,
        "security": Security.PLAIN,
        "username": "olga",
        "secret": Secret("pw"),
        "allow_private": True,
        "patience": Patience(connect=20, answer=20),  # the machine may be busy with other tests
    }
    return Account(**{**settings_of, **changes})


def visit(script: ImapScript, seconds: float) -> None:
    with connect(account(script, patience=Patience(connect=20, answer=seconds))) as session:
        session.folders()
        session.state(INBOX)
        session.headers(session.new_uids(0))


def trouble_with(answers: dict, seconds: float = 20) -> MailboxTrouble:
    with scripted_imap(answers) as script, pytest.raises(MailboxTrouble) as trouble:
        visit(script, seconds)
    return trouble.value


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        (b"NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", timedelta(seconds=299.961)),
        (b"NO [THROTTLED] slow down", timedelta(minutes=10)),
        (b"NO [OVERQUOTA] Account exceeded command or bandwidth limits", timedelta(hours=1)),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", timedelta(minutes=5)),
        (b"NO [LIMIT] Rate limit hit", timedelta(minutes=5)),
        (b"NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded", timedelta(minutes=5)),
        (b"NO Suggested Backoff Time: 99999999999 milliseconds. too many requests", timedelta(minutes=5)),
        (b"NO Suggested Backoff Time: 9999999999 milliseconds", timedelta(days=1)),
    ],
)
@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE"])
def test_a_server_that_asks_for_peace_gets_it(command, said, pause):
    trouble = trouble_with({command: b"{tag} " + said + b"\r\n"})

    assert isinstance(trouble, Throttled)
    assert abs(trouble.until - datetime.now(UTC) - pause) < timedelta(seconds=5)
    assert "It said: " in str(trouble)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"LOGIN": b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"}, AuthRefused),
        ({"LOGIN": b"{tag} NO LOGIN failed.\r\n"}, AuthRefused),
        ({"LOGIN": b"{tag} NO [ALERT] Application-specific password required\r\n"}, AuthRefused),
        ({"LOGIN": b"{tag} NO [UNAVAILABLE] Temporary authentication failure\r\n"}, Unreachable),
        ({"LOGIN": b"{tag} NO [SERVERBUG] Internal error occurred\r\n"}, Unreachable),
        ({"LOGIN": b"* BYE Temporary System Error\r\n"}, Unreachable),
        ({"LIST": b"{tag} BAD User is authenticated but not connected.\r\n"}, AuthRefused),
        ({"EXAMINE": b"{tag} BAD User is authenticated but not connected.\r\n"}, AuthRefused),
        ({"EXAMINE": b"{tag} NO [NONEXISTENT] Unknown Mailbox\r\n"}, FolderGone),
        ({"UID SEARCH": b"{tag} NO not possible\r\n"}, NotDone),
        ({"UID SEARCH": None}, Unreachable),
        ({"UID SEARCH": b"* BYE idle for too long\r\n"}, Unreachable),
        ({"GREETING": b"* BYE too busy\r\n"}, Unreachable),
        ({"GREETING": b"220 this is SMTP\r\n"}, Unreachable),
        ({"GREETING": b"\xff\xfe\0\r\n"}, Unreachable),
        (
            {
                "EXAMINE": b"* OK [UIDVALIDITY x] odd\r\n* n EXISTS\r\n{tag} OK ok\r\n",
                "UID SEARCH": b"* SEARCH a b\r\n{tag} OK ok\r\n",
            },
            Unreachable,
        ),
        ({"LIST": b'* LIST (\\HasNoChildren "/" INBOX\r\n{tag} OK done\r\n'}, MailboxTrouble),
        ({"LIST": b"* LIST\r\n{tag} OK done\r\n", "EXAMINE": None}, MailboxTrouble),
    ],
)
def test_each_refusal_has_its_word(answers, kind):
    trouble = trouble_with(
        {"EXAMINE": SELECTED, "UID SEARCH": b"* SEARCH 1 2 3\r\n{tag} OK ok\r\n", **answers}
    )

    assert isinstance(trouble, kind)
    assert str(trouble).startswith(("localhost ", "The folder INBOX "))
    assert str(trouble).isprintable()


@pytest.mark.parametrize(
    "flood",
    [
        b"* SEARCH" + b" 1" * 40_000_000,
        b"* 1 FETCH (BODY[] {999999999999}\r\n",
        b"* OK still here\r\n" * 200_000,
    ],
)
def test_an_answer_without_end_is_cut_off(flood):
    """Guards LONGEST_ANSWER and the deadline of a command."""
    started = time.monotonic()

    trouble = trouble_with({"EXAMINE": SELECTED, "UID SEARCH": flood}, seconds=2)

    assert isinstance(trouble, Unreachable)
    assert time.monotonic() - started < 20


def test_a_silent_server_is_not_waited_for_longer_than_said():
    assert str(trouble_with({"GREETING": b""}, seconds=0.3)) == "localhost did not answer in time."


def test_a_slow_down_on_an_ok_is_remembered():
    answers = {"EXAMINE": SELECTED.replace(b"OK [READ-ONLY]", b"OK [THROTTLED]")}
    with scripted_imap(answers) as script, connect(account(script)) as session:
        session.state(INBOX)

        assert session.slow_until > datetime.now(UTC)


def test_yahoos_space_and_missing_numbers_do_no_harm():
    answers = {
        "EXAMINE": b"* 0 EXISTS\r\n{tag} OK done\r\n",
        "UID SEARCH": b"* SEARCH 7456 \r\n{tag} OK done\r\n",
        "UID FETCH": b"* 5 FETCH (FLAGS (\\Seen))\r\n* 6 FETCH (UID 9999 RFC822.SIZE 2)\r\n{tag} OK done\r\n",
    }
    with scripted_imap(answers) as script, connect(account(script)) as session:
        assert session.state(INBOX) == State(0, None)
        assert session.new_uids(7000) == [7456]
        assert session.headers([7456]) == []
        assert session.body(7456, 10) is None


def test_a_fetch_refused_because_of_deleted_messages_is_asked_once_more():
    row = (
        b'* 1 FETCH (RFC822.SIZE 30 BODY[HEADER.FIELDS ("MESSAGE-ID")] {17}\r\nMessage-ID: <1>\r\n UID 4)\r\n'
    )
    refused = b"{tag} NO [EXPUNGEISSUED] Some of the requested messages no longer exist\r\n"
    answers = {"EXAMINE": SELECTED, "UID FETCH": [refused, row + b"{tag} OK ok\r\n"]}
    with scripted_imap(answers) as script, connect(account(script)) as session:
        session.state(INBOX)
        assert session.headers([4, 5]) == [HeaderRow(4, 30, {"MESSAGE-ID": "<1>"})]

    assert sum("NOOP" in line for line in script.heard) == 1


def test_an_answer_in_a_header_is_no_answer_and_what_else_a_server_says_is_heard():
    """A literal may hold anything: it is told by its length. Other answers may come between the messages."""
    section = b"BODY[HEADER.FIELDS (FROM)]"
    forged = (
        b"From: a@b.test\r\nX: \r\n* 9 FETCH (UID 9 RFC822.SIZE 1 BODY[HEADER.FIELDS (FROM)] {3}\r\nabc)\r\n"
    )
    plain = b"From: c@d.test\r\n\r\n"
    answer = (
        b"* 1 FETCH (UID 4 RFC822.SIZE 30 %b {%d}\r\n%b)\r\n" % (section, len(forged), forged)
        + b"* 7 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen) UID 5)\r\n"
        + b"* 2 FETCH (FLAGS {5}\r\nHello UID 5 RFC822.SIZE 9 %b {%d}\r\n%b)\r\n"
        % (section, len(plain), plain)
        + b'* 3 FETCH (UID 6 RFC822.SIZE 2 %b "From: e@f.test")\r\n' % section
        + b"{tag} OK ok\r\n"
    )
    answers = {"EXAMINE": SELECTED, "UID FETCH": answer}
    with scripted_imap(answers) as script, connect(account(script)) as session:
        session.state(INBOX)
        rows = session.headers([4, 5, 6, 9])

        assert {row.uid: row.fields.get("FROM") for row in rows} == {
            4: "a@b.test",
            5: "c@d.test",
            6: "e@f.test",
        }
        assert session.client.wire.untagged_responses["EXISTS"][-1] == b"7"


def test_a_password_is_not_sent_where_encryption_is_missing():
    with scripted_imap({}) as script, pytest.raises(Unreachable) as trouble:
        connect(account(script, security=Security.STARTTLS))

    assert str(trouble.value) == "localhost offers no encryption (STARTTLS) on this port."
    assert [line.split()[1] for line in script.heard] == ["CAPABILITY"]


def test_signed_in_before_the_encryption_is_refused():
    greeting = {
        "GREETING": b"* PREAUTH welcome\r\n",
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK ok\r\n",
    }
    with scripted_imap(greeting) as script, pytest.raises(Unreachable):
        connect(account(script, security=Security.STARTTLS))

    assert not any("STARTTLS" in line for line in script.heard)


def test_idle_without_the_extension_returns_at_once():
    capability = {"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n{tag} OK ok\r\n", "EXAMINE": SELECTED}
    with scripted_imap(capability) as script, connect(account(script)) as session:
        session.state(INBOX)
        assert session.idle(30) is False

    assert not any("IDLE" in line for line in script.heard)


def test_news_in_pieces_and_before_the_continuation_are_heard():
    for idle in (
        b"* 4 EXISTS\r\n+ idling\r\n",
        b"+ idling\r\n* 4 EXISTS\r\n",
        b"+ idling\r\n* 1 FETCH (FLAGS ())\r\n* 4 EXISTS\r\n",
    ):
        with scripted_imap({"EXAMINE": SELECTED, "IDLE": idle, "": b"x OK\r\n", "DONE": None}) as script:
            session = connect(account(script))
            session.state(INBOX)
            with pytest.raises(Unreachable):  # the script hangs up at DONE
                session.idle(5)
            session.client.wire.shutdown()
        assert script.heard[-1] == "DONE"


@pytest.mark.parametrize(
    ("names", "sent", "junk"),
    [
        (["INBOX", "Sent", "Spam"], "Sent", "Spam"),
        (["Inbox", "[Gmail]/Gesendet", "[Gmail]/Spam"], "[Gmail]/Gesendet", "[Gmail]/Spam"),
        (["INBOX", "Éléments envoyés", "Courrier indésirable"], "Éléments envoyés", "Courrier indésirable"),
        (["INBOX", "E\u0301le\u0301ments envoye\u0301s"], "E\u0301le\u0301ments envoye\u0301s", None),
        (["INBOX", "Отправленные", "Спам"], "Отправленные", "Спам"),
        (["INBOX", "已发送邮件", "垃圾邮件"], "已发送邮件", "垃圾邮件"),
        (["INBOX", "SENT ITEMS", "Junk E-Mail"], "SENT ITEMS", "Junk E-Mail"),
        (["INBOX", "Sentimental", "Junkyard"], None, None),
    ],
)
def test_folders_are_known_by_their_names_where_flags_are_missing(names, sent, junk):
    folders = chosen(Listed(name, "/", frozenset()) for name in names)

    assert {folder.role: folder.name for folder in folders} == {
        role: name for role, name in ((Role.INBOX, names[0]), (Role.SENT, sent), (Role.JUNK, junk)) if name
    }


def test_a_flag_wins_over_a_name_and_a_folder_that_cannot_be_opened_is_passed_over():
    rows = [
        Listed("Sent", "/", frozenset({r"\hasnochildren"})),
        Listed("Elsewhere", "/", frozenset({r"\sent"})),
        Listed("Spam", "/", frozenset({r"\noselect", r"\junk"})),
    ]

    assert chosen(rows) == [Folder("Elsewhere", Role.SENT)]


def test_a_folder_name_in_a_broken_encoding_hides_no_other_folder():
    names = (b'"&bad"', b"INBOX", b'"Gel&APY-scht"', b"2024", b'"Sent Items"')
    listing = b"".join(b'* LIST () "/" ' + name + b"\r\n" for name in names)
    with scripted_imap({"LIST": listing + b"{tag} OK ok\r\n"}) as script, connect(account(script)) as session:
        assert session.folders() == [INBOX, Folder("Sent Items", Role.SENT)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(st.binary(max_size=60), st.tuples(st.binary(max_size=60), st.binary(max_size=60))),
        max_size=4,
    )
)
def test_no_fetch_answer_is_read_as_another_message(pieces):
    """Nonsense either raises what `spoken` turns into words, or yields only rows that were asked for."""
    from imaplib import IMAP4

    from mailbox.imap_wire import NONSENSE

    try:
        rows = list(header_rows(pieces, {7}))
    except (IMAP4.error, *NONSENSE):
        rows = []

    assert all(row.uid == 7 for row in rows)


def test_the_password_is_never_logged(caplog):
    caplog.set_level("DEBUG")
    with scripted_imap({}) as script, connect(account(script, secret=Secret("hunter2"))):
        pass

    assert any("hunter2" in line for line in script.heard)
    assert "hunter2" not in caplog.text
