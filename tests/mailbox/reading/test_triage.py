"""One look at a message: what it is and which of ours it is about."""

import pytest

from mailbox.diagnostics import Severity
from mailbox.triage import Kind, triage
from tests.mailbox.reading.letters import OURS, letter, report


def test_an_answer_names_the_message_that_it_answers():
    seen = triage(
        letter(
            "Half of it.\n\nOn 04/30/2025 09:00 AM, Olga wrote:\n> Is it full?\n",
            in_reply_to=OURS,
            references=f"<earlier@acme.example> {OURS}",
        )
    )

    assert seen.kind is Kind.REPLY
    assert seen.message_id == OURS
    assert seen.references == (OURS, "<earlier@acme.example>")
    assert seen.visible_text == "Half of it."
    assert "Is it full?" in seen.text
    assert seen.severity is None


def test_a_bounce_names_the_message_that_it_returns():
    seen = triage(
        report(
            "Final-Recipient: rfc822; bert@theatre.example\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n"
        )
    )

    assert (seen.kind, seen.severity, seen.reason) == (Kind.BOUNCE, Severity.HARD, "user-unknown")
    assert (seen.recipient, seen.status, seen.message_id) == ("bert@theatre.example", "5.1.1", OURS)
    assert seen.diagnostic == "smtp; 550 5.1.1 user unknown"


def test_an_answer_in_html_alone_is_read():
    seen = triage(
        letter("<p>Half&nbsp;of it.</p><blockquote>Is it full?</blockquote>", content_type="text/html")
    )

    assert seen.visible_text == "Half of it."


def test_our_text_helps_where_the_program_marks_nothing():
    ours = "Is your first warehouse in Halle full by now?\nWe rent out shelves by the week, forty of them."

    assert triage(letter(f"Half.\n\n{ours}\n"), our_text=ours).visible_text == "Half."


def test_a_decoded_header_holds_no_second_header():
    seen = triage(
        letter(
            "hi",
            subject="=?utf-8?q?a=0D=0ABcc:_evil@x.example?=",
            **{"from": "=?utf-8?q?=0AMe?= <b@t.example>"},
        )
    )

    assert seen.subject == "a Bcc: evil@x.example"
    assert seen.sender == "Me <b@t.example>"


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\x00" * 100, b"\xff" * 100, b"From:", b"From \n\n", b":\n:\n", b"--b--"]
)
def test_next_to_nothing_is_a_reply(raw):
    assert triage(raw).kind is Kind.REPLY
