"""Sending: every way in which a server can let us down, and what becomes of the message."""

import base64
import ssl
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keychain.crypto.secret import Secret
from mailbox.account import Account, Auth, Patience, Security
from mailbox.smtp import Checked, Envelope, Line, Problem, check, is_carried, send
from mailbox.verdicts import About, Accepted, Deferred, Outcome, Refused, Uncertain
from tests.servers.smtp_script import (
    CLOSE,
    HANG,
    ONE_BY_ONE,
    WITH_STARTTLS,
    Drip,
    Late,
    Script,
    scripted_smtp,
)
from tests.servers.tls import make_certificate

MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\nHello\r\n.dotted\r\n..twice\r\nend\r\n"
ENVELOPE = Envelope("olga@acme.example", "ana@corp.example", MESSAGE)
PATIENT = Patience(connect=20, answer=20, delivery=20)  # the machine may be busy with other tests
HASTY = Patience(connect=20, answer=0.4, delivery=20)
HASTY_AFTER_DOT = Patience(connect=20, answer=20, delivery=0.5)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


def account(script: Script, **changes) -> Account:
    plain = Account(
        host="localhost",
        port=script.port,
        security=Security.PLAIN,
        username="olga@acme.example",
        secret=Secret("pässword"),
        allow_private=True,
        patience=PATIENT,
    )
    return replace(plain, **changes)


def outcome_of(answers: dict, patience: Patience = PATIENT) -> tuple[Outcome, Script]:
    with scripted_smtp(answers) as script, Line(account(script, patience=patience)) as line:
        return send(line, ENVELOPE), script


def test_an_accepted_message_arrives_byte_for_byte():
    outcome, script = outcome_of({})

    assert outcome == Accepted("250 2.0.0 queued as 42")
    [message] = script.messages
    assert message.replace(b"\r\n..", b"\r\n.") == MESSAGE
    assert script.heard == [
        "ehlo [127.0.0.1]",
        "AUTH PLAIN " + base64.b64encode("\0olga@acme.example\0pässword".encode()).decode(),
        f"MAIL FROM:<olga@acme.example> SIZE={len(MESSAGE)}",
        "RCPT TO:<ana@corp.example>",
        "DATA",
        "QUIT",
    ]


def test_the_envelope_goes_out_at_once_where_the_server_takes_that():
    """The server says nothing until it has heard all three: who waits for each answer would wait for ever."""
    all_three = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go ahead\r\n"

    outcome, script = outcome_of({"MAIL": b"", "RCPT": b"", "DATA": all_three})

    assert isinstance(outcome, Accepted)
    assert len(script.messages) == 1


def test_a_server_that_does_not_take_several_commands_hears_one_at_a_time():
    outcome, script = outcome_of({"EHLO": ONE_BY_ONE, "MAIL": b"451 4.3.0 later\r\n"})

    assert isinstance(outcome, Deferred)
    assert [line.split()[0] for line in script.heard] == ["ehlo", "AUTH", "MAIL", "QUIT"]


def test_a_refused_recipient_leaves_the_connection_usable():
    answers = {"RCPT": [b"550 5.1.1 no such user\r\n", b"250 ok\r\n"]}
    with scripted_smtp(answers) as script, Line(account(script)) as line:
        outcomes = [send(line, ENVELOPE), send(line, ENVELOPE)]

    assert [type(outcome) for outcome in outcomes] == [Refused, Accepted]
    assert outcomes[0].about is About.RECIPIENT
    assert script.connections == 1
    assert len(script.messages) == 1


def test_a_server_that_wants_the_text_of_a_refused_mail_does_not_get_it():
    """Guards `stand_back`: some servers say 354 although they refused the only recipient. An empty text with
    a dot would be a mail; we hang up instead."""
    answers = {"RCPT": [b"550 5.1.1 no such user\r\n", b"250 ok\r\n"], "DATA": b"354 go ahead\r\n"}
    with scripted_smtp(answers) as script, Line(account(script)) as line:
        outcomes = [send(line, ENVELOPE), send(line, ENVELOPE)]

    assert [type(outcome) for outcome in outcomes] == [Refused, Accepted]
    assert script.connections == 2
    assert len(script.messages) == 1


@pytest.mark.parametrize("fault", [CLOSE, b"garbage\r\n"])
def test_a_connection_that_dies_after_a_refusal_does_not_hide_the_refusal(fault):
    outcome, script = outcome_of({"RCPT": b"550 5.1.1 no such user\r\n", "DATA": fault})

    assert isinstance(outcome, Refused)
    assert outcome.about is About.RECIPIENT
    assert script.messages == []


@pytest.mark.parametrize(
    "fault", [CLOSE, HANG, Drip(b"250 2.0.0 " + b"x" * 100, 0.05), b"garbage\r\n", b"250-" + b"x" * 70_000]
)
def test_after_the_dot_without_an_answer_the_outcome_is_uncertain(fault):
    """Guards AfterDot: a message that may have gone is never offered for another try."""
    outcome, script = outcome_of({"DOT": fault}, HASTY_AFTER_DOT)

    assert isinstance(outcome, Uncertain)
    assert outcome.text.startswith("No answer after the message was handed over: localhost ")
    assert len(script.messages) == 1


@pytest.mark.parametrize("stage", ["BANNER", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "fault", [CLOSE, HANG, b"garbage\r\n", b"\xff\xfe\0\r\n", Drip(b"250-" + b"x" * 100, 0.05)]
)
def test_before_the_dot_every_failure_may_be_tried_again(stage, fault):
    outcome, script = outcome_of({stage: fault}, HASTY)

    assert isinstance(outcome, Deferred)
    assert outcome.about is About.SERVER
    assert outcome.text.startswith("localhost ")
    assert script.messages == []


def test_an_answer_that_never_ends_does_not_fill_the_memory():
    started = time.monotonic()

    outcome, _ = outcome_of({"EHLO": b"250-" + b"y" * 990 + b"\r\n" + b"250-more\r\n" * 100_000})

    assert outcome == Deferred("localhost sent an answer without end.", None, About.SERVER)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("stage", "answer", "about", "is_refusal"),
    [
        ("BANNER", b"554 5.7.1 your network is blocked\r\n", About.SERVER, True),
        ("BANNER", b"421 4.3.2 too busy\r\n", About.LIMIT, False),
        ("AUTH", b"535 5.7.8 Username and Password not accepted\r\n", About.SIGN_IN, True),
        ("AUTH", b"454 4.7.0 Temporary authentication failure\r\n", About.SIGN_IN, False),
        ("AUTH", b"454 4.7.0 Too many login attempts, please try again later.\r\n", About.LIMIT, False),
        (
            "MAIL",
            b"550 5.7.60 SMTP; Client does not have permissions to send as this sender\r\n",
            About.SENDER,
            True,
        ),
        (
            "MAIL",
            b"432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/x\r\n",
            About.LIMIT,
            False,
        ),
        ("MAIL", b"454 Throttling failure: Maximum sending rate exceeded.\r\n", About.LIMIT, False),
        ("MAIL", b"530 5.7.57 Client not authenticated to send mail\r\n", About.SIGN_IN, True),
        ("RCPT", b"550 5.1.1 no such user\r\n", About.RECIPIENT, True),
        (
            "RCPT",
            b"550 5.1.1 <olga@acme.example>: Sender address rejected: undeliverable\r\n",
            About.SENDER,
            True,
        ),
        ("RCPT", b"554 5.7.1 Relay access denied\r\n", About.SIGN_IN, True),
        ("RCPT", b"452 4.2.2 mailbox full\r\n", About.RECIPIENT, False),
        (
            "RCPT",
            b"552 5.2.2 The email account that you tried to reach is over quota\r\n",
            About.RECIPIENT,
            True,
        ),
        ("RCPT", b"451 4.7.1 Greylisted, please try again in 300 seconds\r\n", About.CONTENT, False),
        ("RCPT", b"550 5.4.5 Daily user sending limit exceeded\r\n", About.LIMIT, True),
        ("DATA", b"451 4.3.0 try later\r\n", About.CONTENT, False),
        ("DOT", b"550-5.7.1 looks like\r\n550 5.7.1 spam\r\n", About.CONTENT, True),
        (
            "DOT",
            b"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException\r\n",
            About.LIMIT,
            True,
        ),
        ("DOT", b"550 5.1.90 Your message can't be sent, daily limit for recipients\r\n", About.LIMIT, True),
        ("DATA", b"354 go ahead\r\n421 4.3.0 shutting down in the middle\r\n", About.CONTENT, False),
        ("DOT", b"421 4.3.0 shutting down\r\n", About.CONTENT, False),
    ],
)
def test_what_the_server_objects_to(stage, answer, about, is_refusal):
    outcome, _ = outcome_of({stage: answer})

    assert isinstance(outcome, Refused if is_refusal else Deferred)
    assert (outcome.about, outcome.code) == (about, int(answer.splitlines()[-1][:3]))
    if is_refusal:
        assert outcome.permanent == (about in (About.RECIPIENT, About.CONTENT))


def test_the_servers_waiting_time_is_read():
    outcome, _ = outcome_of({"RCPT": b"450 4.2.0 Greylisted, please try again in 5 minutes\r\n"})

    assert outcome == Deferred(
        "450 4.2.0 Greylisted, please try again in 5 minutes", 450, About.RECIPIENT, 300
    )


def test_long_and_strange_answers_become_one_short_line():
    outcome, _ = outcome_of({"DOT": b"550-\x1b[31m\xffbad\r\n" + b"550-" + b"z" * 900 + b"\r\n550 end\r\n"})

    assert len(outcome.text) < 320
    assert outcome.text.isprintable()


def test_one_connection_carries_many_messages_and_a_refusal_between_them():
    answers = {"RCPT": [b"250 ok\r\n", b"550 5.1.1 no such user\r\n", b"250 ok\r\n"]}
    with scripted_smtp(answers) as script, Line(account(script)) as line:
        outcomes = [send(line, ENVELOPE) for _ in range(4)]

    assert [type(each) for each in outcomes] == [Accepted, Refused, Accepted, Accepted]
    assert script.connections == 1
    assert script.heard.count("RSET") == 1
    assert len(script.messages) == 3


@pytest.mark.parametrize("ending", [CLOSE, b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_closed_while_idle_is_opened_again_before_mail(ending):
    answers = {"MAIL": [b"250 ok\r\n", ending, b"250 ok\r\n"]}
    with scripted_smtp(answers) as script, Line(account(script)) as line:
        outcomes = [send(line, ENVELOPE) for _ in range(2)]

    assert [type(each) for each in outcomes] == [Accepted, Accepted]
    assert script.connections == 2


def test_a_new_connection_that_fails_at_mail_is_not_tried_for_ever():
    with scripted_smtp({"MAIL": CLOSE}) as script, Line(account(script)) as line:
        assert isinstance(send(line, ENVELOPE), Deferred)

    assert script.connections == 1


def test_after_an_uncertain_message_the_next_one_gets_a_new_connection():
    with scripted_smtp({"DOT": [CLOSE, b"250 ok\r\n"]}) as script, Line(account(script)) as line:
        outcomes = [send(line, ENVELOPE) for _ in range(2)]

    assert [type(each) for each in outcomes] == [Uncertain, Accepted]
    assert script.connections == 2


def test_a_slow_banner_is_waited_for_and_a_hanging_one_is_not():
    with scripted_smtp({"BANNER": Late(b"220 at last\r\n", 0.2)}) as script:
        assert check(account(script)) == Checked("at last", None, 1_000_000)


@pytest.mark.parametrize(
    "message",
    [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\nMAIL FROM:<x@y>\r\n", b"a\0b\r\n", b"x" * 999 + b"\r\n"],
)
def test_a_message_that_could_be_read_as_two_never_reaches_a_server(message):
    """Guards is_carried (SMTP smuggling)."""
    with scripted_smtp() as script, Line(account(script)) as line:
        outcome = send(line, replace(ENVELOPE, message=message))

    assert outcome == Refused("The message has lines that SMTP cannot carry.", None, About.CONTENT)
    assert script.connections == 0


@given(st.lists(st.integers(0, 1005), max_size=6), st.booleans())
def test_a_line_has_at_most_998_characters(lengths, is_ended):
    message = b"\r\n".join(b"x" * length for length in lengths) + b"\r\n" * is_ended

    assert is_carried(message) == all(length <= 998 for length in lengths)


@pytest.mark.parametrize("text", [b".\r\n", b".a\r\n..\r\n.\r\n", b"\r\n.", b"a", b""])
def test_dots_at_the_beginning_of_lines_arrive(text):
    with scripted_smtp() as script, Line(account(script)) as line:
        assert isinstance(send(line, replace(ENVELOPE, message=text)), Accepted)

    [message] = script.messages
    lines = [each.removeprefix(b".") for each in message.removesuffix(b"\r\n").split(b"\r\n")]
    assert b"\r\n".join(lines) == text.removesuffix(b"\r\n")


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d", "a b@c", "jürgen@x.example", "", "<>"])
def test_an_address_cannot_carry_a_command(address):
    """Guards ADDRESS."""
    with scripted_smtp() as script, Line(account(script)) as line:
        assert send(line, replace(ENVELOPE, recipient=address)).about is About.RECIPIENT
        assert send(line, replace(ENVELOPE, sender=address)).about is About.SENDER

    assert script.heard == []


def test_a_message_too_large_for_the_server_is_not_begun():
    answers = {"EHLO": b"250-script\r\n250-SIZE 60\r\n250 AUTH PLAIN\r\n"}

    outcome, script = outcome_of(answers)

    assert outcome == Refused("The message is larger than the server takes (60 bytes).", None, About.CONTENT)
    assert not any(line.startswith("MAIL") for line in script.heard)


def test_starttls_is_required_when_asked_for(certificate):
    """Guards Wire.encrypt: no password goes over a line that was to be encrypted."""
    with scripted_smtp() as script:
        problem = check(account(script, security=Security.STARTTLS))

    assert problem == Problem("localhost offers no encryption (STARTTLS) on this port.", About.SERVER)
    assert script.heard == ["ehlo [127.0.0.1]"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_encrypted_message_goes_through(certificate, security):
    answers = {"EHLO": WITH_STARTTLS}
    is_first = security is Security.TLS
    with scripted_smtp(answers, tls=certificate.context(), is_tls_from_start=is_first) as script:
        safe = account(script, security=security, ca_file=str(certificate.ca))
        with Line(safe) as line:
            assert isinstance(send(line, ENVELOPE), Accepted)
        assert check(safe).tls == "TLSv1.3"


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_nobody_vouches_for_is_refused(certificate, security):
    answers = {"EHLO": WITH_STARTTLS}
    is_first = security is Security.TLS
    with scripted_smtp(answers, tls=certificate.context(), is_tls_from_start=is_first) as script:
        problem = check(account(script, security=security))

        assert problem.sentence.startswith("localhost shows a certificate that is not valid for it:")
        assert not any(line.startswith("AUTH") for line in script.heard)
        with Line(account(script, security=security)) as line:
            assert isinstance(send(line, ENVELOPE), Refused)


def test_a_certificate_for_another_name_is_refused(tmp_path):
    """Guards server_hostname: the pinned address is checked against the name that was typed."""
    other = make_certificate(tmp_path, "other.example")
    with scripted_smtp(tls=other.context(), is_tls_from_start=True) as script:
        problem = check(account(script, security=Security.TLS, ca_file=str(other.ca)))

    assert "Hostname mismatch" in problem.sentence


def test_plaintext_slipped_in_before_the_encryption_is_noticed(certificate):
    answers = {"EHLO": WITH_STARTTLS, "STARTTLS": b"220 go\r\n250 AUTH PLAIN\r\n"}
    with scripted_smtp(answers, tls=certificate.context()) as script:
        problem = check(account(script, security=Security.STARTTLS, ca_file=str(certificate.ca)))

    assert problem.sentence == "localhost went on in plaintext after STARTTLS."


def test_tls_on_a_port_that_does_not_speak_it_is_said_so():
    with scripted_smtp() as script:
        problem = check(account(script, security=Security.TLS))

    assert problem.sentence == f"localhost does not speak TLS on port {script.port}."


def test_nobody_there_and_private_addresses():
    with scripted_smtp() as script:
        nowhere = account(script)
    assert check(nowhere).sentence == f"localhost does not listen on port {nowhere.port}."
    inside = replace(nowhere, host="127.0.0.1", port=465, allow_private=False)
    assert (
        check(inside).sentence
        == "127.0.0.1 is an address inside a private network; a public mail server is needed."
    )


def test_a_refused_sign_in_is_told_in_the_servers_words():
    with scripted_smtp(
        {"AUTH": b"535-5.7.8 Application-specific password\r\n535 5.7.8 required\r\n"}
    ) as script:
        problem = check(account(script))

    words = "535 5.7.8 Application-specific password 5.7.8 required"
    sentence = f"localhost did not accept the user name and password. It said: {words}"
    assert problem == Problem(sentence, About.SIGN_IN)


def test_auth_login_is_used_where_plain_is_not_offered():
    answers = {"EHLO": b"250-script\r\n250 AUTH LOGIN\r\n", "AUTH": b"334 UGFzc3dvcmQ6\r\n"}
    secret = base64.b64encode("pässword".encode()).decode()
    with scripted_smtp({**answers, secret.upper(): b"235 ok\r\n"}) as script:
        assert isinstance(check(account(script)), Checked)

    assert secret in script.heard


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_an_access_token_signs_in_and_its_refusal_is_read_to_the_end(mechanism):
    offer = b"250-script\r\n250 AUTH %s\r\n" % mechanism.encode()
    with scripted_smtp({"EHLO": offer}) as script:
        assert isinstance(check(account(script, auth=Auth.XOAUTH2)), Checked)
    sent = base64.b64decode(script.heard[1].removeprefix(f"AUTH {mechanism} "))
    assert sent.endswith("\x01auth=Bearer pässword\x01\x01".encode())

    refused = {"EHLO": offer, "AUTH": b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"}
    with scripted_smtp({**refused, "": b"535 5.7.3 expired\r\n", "AQ==": b"535 5.7.3 expired\r\n"}) as script:
        problem = check(account(script, auth=Auth.XOAUTH2))
    assert problem.about is About.SIGN_IN
    assert problem.sentence.endswith("535 5.7.3 expired")


def test_a_server_without_a_known_sign_in_is_said_so():
    with scripted_smtp({"EHLO": b"250-script\r\n250 AUTH GSSAPI\r\n"}) as script:
        assert check(account(script)).sentence == "localhost offers no sign-in with a password here."
        assert (
            check(account(script, auth=Auth.XOAUTH2)).sentence
            == "localhost offers no sign-in with OAuth here."
        )


def test_the_sandbox_takes_what_we_send(tmp_path):
    from tests.servers.sandbox import running_sandbox

    with running_sandbox(tmp_path) as sandbox:
        sandboxed = Account(
            host="localhost",
            port=sandbox.smtp_port,
            security=Security.PLAIN,
            username="olga@acme.sandbox",
            secret=Secret("sandbox"),
            allow_private=True,
        )
        with Line(sandboxed) as line:
            outcome = send(line, replace(ENVELOPE, sender="olga@acme.sandbox"))

        assert isinstance(outcome, Accepted)
        [entry] = sandbox.ledger()
        assert entry["to"] == "ana@corp.example"


def test_no_ssl_context_accepts_old_protocols(certificate):
    old = certificate.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with scripted_smtp(tls=old, is_tls_from_start=True) as script:
        checked = check(account(script, security=Security.TLS, ca_file=str(certificate.ca)))

    assert checked.tls == "TLSv1.2"
