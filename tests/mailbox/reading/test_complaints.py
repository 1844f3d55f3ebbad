"""Reports that a recipient called our mail spam."""

import pytest

from mailbox.complaints import complaint_in
from mailbox.parsing import parse
from mailbox.triage import Kind, triage
from tests.mailbox.reading.letters import OURS, letter

MESSAGE = f"From: olga@acme.example\nTo: bert@theatre.example\nMessage-ID: {OURS}\nSubject: Your warehouse\n\nHello\n"


def feedback(fields: str, message: str = MESSAGE) -> bytes:
    return letter(
        "--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        f"--b\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{message}\n--b--\n",
        **{"from": "feedback@arf.mail.example"},
        subject="FW: Your warehouse",
        content_type="multipart/report; report-type=feedback-report; boundary=b",
    )


@pytest.mark.parametrize(
    ("fields", "kind", "recipient"),
    [
        (
            "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: bert@theatre.example\n",
            "abuse",
            "bert@theatre.example",
        ),
        ("Feedback-Type: abuse\nVersion: 0.1\n", "abuse", "bert@theatre.example"),
        (
            "Version: 1\nFeedback-Type: Fraud\nRemoval-Recipient: <b@theatre.example>\n",
            "fraud",
            "b@theatre.example",
        ),
        (
            "Feedback-Type: not-spam\nOriginal-Rcpt-To: redacted-1234@theatre.example\n",
            "not-spam",
            "bert@theatre.example",
        ),
        ("Feedback-Type: auth-failure\nAuth-Failure: dmarc\n", "auth-failure", "bert@theatre.example"),
    ],
)
def test_a_feedback_report_names_its_type_its_recipient_and_our_message(fields, kind, recipient):
    complaint = complaint_in(parse(feedback(fields)))

    assert (complaint.feedback, complaint.recipient, complaint.message_id) == (kind, recipient, OURS)


def test_the_old_form_of_outlook_is_known():
    raw = letter(
        "--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: bert@theatre.example\n"
        f"{MESSAGE.replace('To: bert@theatre.example', 'To: undisclosed')}\n--b--\n",
        **{"from": "<staff@hotmail.com>"},
        subject="complaint about message from 192.0.2.1",
        content_type="multipart/mixed; boundary=b",
    )

    complaint = complaint_in(parse(raw))

    assert (complaint.feedback, complaint.recipient, complaint.message_id) == (
        "abuse",
        "bert@theatre.example",
        OURS,
    )


def test_our_message_that_comes_back_with_a_header_of_outlook_is_a_complaint():
    raw = (
        f"X-HmXmrOriginalRecipient: bert@theatre.example\nReturn-Path: staff@hotmail.com\n{MESSAGE}".encode()
    )

    complaint = complaint_in(parse(raw))

    assert (complaint.recipient, complaint.message_id) == ("bert@theatre.example", OURS)


def test_a_report_without_its_fields_is_a_complaint_still():
    assert triage(feedback("")).kind is Kind.COMPLAINT


@pytest.mark.parametrize(
    "raw",
    [
        letter("This is spam! Feedback-Type: abuse", subject="Re: Your warehouse"),
        letter("Please see the abuse report of March.", subject="abuse report", in_reply_to=OURS),
    ],
)
def test_an_angry_answer_is_an_answer(raw):
    assert triage(raw).kind is Kind.REPLY
