"""The sandbox mail server over its own ports, with the clients that the product uses."""

import email
import smtplib
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imapclient import IMAPClient

from paitho.embedded.sandbox.answers import Received, answer, parse
from paitho.embedded.sandbox.prospects import Behaviour, behaviour_of
from paitho.embedded.sandbox.reception import ADDRESS
from tests.servers.sandbox import SCRIPT, Sandbox, running_sandbox

ACCOUNT = "sales@acme.sandbox"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


def smtp(sandbox: Sandbox, account: str = ACCOUNT) -> smtplib.SMTP:
    line = smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10)
    line.login(account, "sandbox")
    return line


def imap(sandbox: Sandbox, account: str = ACCOUNT, folder: str = "INBOX") -> IMAPClient:
    client = IMAPClient("127.0.0.1", sandbox.imap_port, ssl=False, timeout=10)
    client.login(account, "sandbox")
    client.select_folder(folder, readonly=True)
    return client


def mail(recipient: str, number: object, **more: str) -> bytes:
    fields = {
        "From": f"Sales <{ACCOUNT}>",
        "To": f'"Ana Ruiz" <{recipient}>',
        "Subject": f"Question {number}",
        "Message-ID": f"<{number}@acme.sandbox>",
        "X-Paitho-Id": f"row-{number}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\nHello Ana,\r\n\r\nour offer.\r\n".encode()


def answers(sandbox: Sandbox, account: str, count: int = 1) -> list[Message]:
    """The account's inbox once it holds so many messages."""
    with imap(sandbox, account) as client:
        for _ in range(400):
            found = client.search("UID 1:*")
            if len(found) >= count:
                return [
                    email.message_from_bytes(row[b"BODY[]"])
                    for row in client.fetch(found, "BODY.PEEK[]").values()
                ]
            time.sleep(0.05)
    raise AssertionError(f"{len(found)} of {count} answers arrived")


def send(sandbox: Sandbox, account: str, recipient: str, content: bytes) -> None:
    with smtp(sandbox, account) as line:
        line.sendmail(account, [recipient], content)


def test_an_accepted_mail_is_in_the_ledger_in_delivered_and_in_sent(sandbox):
    content = mail("silent@corp.example", "kept")

    send(sandbox, ACCOUNT, "silent@corp.example", content)

    line = next(entry for entry in sandbox.ledger() if entry["x_paitho_id"] == "row-kept")
    assert (line["message_id"], line["from"]) == ("<kept@acme.sandbox>", ACCOUNT)
    assert line["to"] == "silent@corp.example"
    assert (sandbox.root / line["file"]).read_bytes() == content
    with imap(sandbox, folder="Sent") as client:
        [uid] = client.search(["HEADER", "Message-ID", "<kept@acme.sandbox>"])
        assert client.search(["HEADER", "X-Paitho-Id", "row-kept"]) == [uid]
        assert client.fetch([uid], "BODY.PEEK[]")[uid][b"BODY[]"] == content
        assert client.search(["HEADER", "Message-ID", "<absent@acme.sandbox>"]) == []


@pytest.mark.parametrize(
    ("recipient", "subject"),
    [
        ("reply-1@corp.example", "Re: Question reply-1"),
        ("yes.2@corp.example", "Re: Question yes.2"),
        ("html@corp.example", "Re: Question html"),
        ("away3@corp.example", "Automatic reply: Question away3"),
        ("stop@corp.example", "Re: Question stop"),
    ],
)
def test_a_prospect_answers_in_the_thread(sandbox, recipient, subject):
    account = f"{recipient.partition('@')[0]}@sender.sandbox"

    send(sandbox, account, recipient, mail(recipient, recipient.partition("@")[0]))

    [reply] = answers(sandbox, account)
    assert reply["Subject"] == subject
    assert reply["In-Reply-To"] == reply["References"] == f"<{recipient.partition('@')[0]}@acme.sandbox>"
    assert recipient in reply["From"]
    assert (reply["Auto-Submitted"] == "auto-replied") == recipient.startswith("away")


@pytest.mark.parametrize(
    ("recipient", "action", "status"),
    [("bounce@corp.example", "failed", "5.1.1"), ("full@corp.example", "delayed", "4.2.2")],
)
def test_a_bounce_is_a_delivery_status_notification(sandbox, recipient, action, status):
    account = f"{action}@sender.sandbox"

    send(sandbox, account, recipient, mail(recipient, action))

    [report] = answers(sandbox, account)
    assert report.get_content_type() == "multipart/report"
    _, delivery_status, headers = report.get_payload()
    about_message, about_recipient = delivery_status.get_payload()
    assert about_message["Reporting-MTA"] == "dns; sandbox.localhost"
    assert about_recipient["Final-Recipient"] == f"rfc822; {recipient}"
    assert (about_recipient["Action"], about_recipient["Status"]) == (action, status)
    assert f"<{action}@acme.sandbox>" in headers.get_payload()


def test_a_prospect_answers_the_first_mail_of_a_thread_only(sandbox):
    account = "once@sender.sandbox"
    first, other = mail("yes@corp.example", "once-1"), mail("yes@corp.example", "once-3")
    follow_up = mail("yes@corp.example", "once-2", References="<once-1@acme.sandbox>")

    for content in (first, follow_up, other):
        send(sandbox, account, "yes@corp.example", content)

    replies = answers(sandbox, account, 2)
    assert [reply["In-Reply-To"] for reply in replies] == ["<once-1@acme.sandbox>", "<once-3@acme.sandbox>"]


def test_an_automatic_mail_is_never_answered(sandbox):
    account = "robot@sender.sandbox"

    send(
        sandbox, account, "yes@corp.example", mail("yes@corp.example", "auto", Auto_Submitted="auto-replied")
    )
    send(sandbox, account, "yes@corp.example", mail("yes@corp.example", "by-hand"))

    [reply] = answers(sandbox, account)
    assert reply["In-Reply-To"] == "<by-hand@acme.sandbox>"


def test_refusing_and_deferring_recipients(sandbox):
    with smtp(sandbox) as line:
        line.mail(ACCOUNT)

        assert line.rcpt("refuse@corp.example")[0] == 550
        assert line.rcpt("defer@corp.example")[0] == 451
        assert line.rcpt("defer@corp.example")[0] == 250


def test_an_account_needs_its_password_and_sends_as_itself(sandbox):
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as line:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            line.login(ACCOUNT, "wrong")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            line.login("sales@elsewhere.example", "sandbox")
        assert line.mail(ACCOUNT)[0] == 530
    with smtp(sandbox) as line:
        assert line.mail("ceo@acme.sandbox")[0] == 550
    client = IMAPClient("127.0.0.1", sandbox.imap_port, ssl=False, timeout=10)
    with pytest.raises(IMAPClient.Error):
        client.login(ACCOUNT, "wrong")
    client.shutdown()


def test_an_account_added_by_the_command_has_its_own_password(sandbox):
    command = [sys.executable, str(SCRIPT), "--dir", str(sandbox.root)]
    subprocess.run(
        [*command, "--add-account", "Eva@corp.example", "long secret"], check=True, cwd=sandbox.root
    )

    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as line:
        assert line.login("eva@corp.example", "long secret")[0] == 235


def test_transactional_mail_waits_in_the_outbox_and_is_not_counted(sandbox):
    before = len(sandbox.ledger())

    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as line:
        line.sendmail(
            "no-reply@paitho.localhost", ["Olga@acme.example"], b"Subject: Verify\r\n\r\nhttp://x/1\r\n"
        )

    [file] = (sandbox.root / "outbox/olga@acme.example").iterdir()
    assert b"http://x/1" in file.read_bytes()
    assert len(sandbox.ledger()) == before


def test_idle_tells_of_an_answer(sandbox):
    with imap(sandbox, "idle@sender.sandbox") as client:
        client.idle()

        send(sandbox, "idle@sender.sandbox", "yes@corp.example", mail("yes@corp.example", "idle"))

        assert (1, b"EXISTS") in client.idle_check(timeout=30)
        client.idle_done()


def test_special_use_folders_partial_bodies_and_append(sandbox):
    with imap(sandbox, "folders@sender.sandbox") as client:
        assert client.find_special_folder(b"\\Sent") == "Sent"
        assert client.find_special_folder(b"\\Junk") == "Junk"
        client.append("Sent", mail("x@corp.example", "appended"))
        client.select_folder("Sent", readonly=True)
        [uid] = client.search(["HEADER", "Message-ID", "<appended@acme.sandbox>"])

        row = client.fetch([uid], ["BODY.PEEK[]<0.10>", "RFC822.SIZE", "FLAGS"])[uid]

        assert row[b"BODY[]<0>"] == mail("x@corp.example", "appended")[:10]
        assert row[b"RFC822.SIZE"] == len(mail("x@corp.example", "appended"))
        assert b"\\Seen" not in row[b"FLAGS"]


def test_uids_threads_and_waiting_answers_survive_a_restart(tmp_path):
    with running_sandbox(tmp_path, "--answer-after", "60") as sandbox:
        for number in range(3):
            send(sandbox, ACCOUNT, "yes@corp.example", mail("yes@corp.example", number))
        with imap(sandbox, folder="Sent") as client:
            before = client.folder_status("Sent", ["UIDVALIDITY", "UIDNEXT"])
    assert sandbox.process.returncode == 0

    for file in (tmp_path / "pending").iterdir():
        file.rename(file.with_name("1000-" + file.name.partition("-")[2]))
    with running_sandbox(tmp_path) as sandbox:
        send(sandbox, ACCOUNT, "yes@corp.example", mail("yes@corp.example", 1))
        send(sandbox, ACCOUNT, "yes@corp.example", mail("yes@corp.example", "last"))

        assert len(answers(sandbox, ACCOUNT, 4)) == 4
        with imap(sandbox, folder="Sent") as client:
            after = client.folder_status("Sent", ["UIDVALIDITY", "UIDNEXT"])
    assert after[b"UIDVALIDITY"] == before[b"UIDVALIDITY"]
    assert after[b"UIDNEXT"] == before[b"UIDNEXT"] + 2


def test_ordinary_addresses_behave_in_fixed_shares():
    drawn = Counter(behaviour_of(f"person{n}@corp{n % 97}.example") for n in range(20_000))

    replies = sum(
        drawn[b] for b in (Behaviour.INTERESTED, Behaviour.DECLINED, Behaviour.ASKS, Behaviour.HTML)
    )
    assert 0.07 < replies / 20_000 < 0.09
    assert 0.034 < drawn[Behaviour.BOUNCE] / 20_000 < 0.046
    assert 0.83 < drawn[Behaviour.SILENT] / 20_000 < 0.85


@pytest.mark.parametrize("address", ["yesenia@corp.example", "noah@corp.example", "fuller@corp.example"])
def test_a_name_that_begins_like_a_command_is_an_ordinary_person(address):
    assert {behaviour_of(address, seed) for seed in range(200)} > {Behaviour.SILENT}


@settings(max_examples=40)
@given(
    behaviour=st.sampled_from(Behaviour),
    recipient=st.from_regex(ADDRESS, fullmatch=True).filter(str.isprintable),
    subject=st.binary(max_size=60),
    body=st.binary(max_size=200),
)
def test_any_mail_can_be_answered(behaviour, recipient, subject, body):
    content = b"From: =?x?q?=0a?= <a@b>\r\nSubject: " + subject + b"\r\nMessage-ID: <1@x>\r\n\r\n" + body

    reply = answer(
        Received("a@b.sandbox", recipient, parse(content), datetime.now(UTC)), behaviour, 0, "host"
    )

    assert reply is None or parse(reply)["To"] == "a@b.sandbox"


def test_a_thousand_mails_take_seconds(sandbox):
    with smtp(sandbox, "bulk@sender.sandbox") as line:
        started = time.monotonic()
        for number in range(1000):
            line.sendmail(
                "bulk@sender.sandbox", ["silent@corp.example"], mail("silent@corp.example", f"b{number}")
            )

    assert time.monotonic() - started < 60
    assert sum(entry["from"] == "bulk@sender.sandbox" for entry in sandbox.ledger()) == 1000
