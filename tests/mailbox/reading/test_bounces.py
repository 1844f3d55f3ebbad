"""Bounces: the standard form, and the forms that mail systems made up."""

import pytest

from mailbox.bounces import bounce_in
from mailbox.diagnostics import Severity
from mailbox.parsing import parse
from tests.mailbox.reading.letters import OURS, RETURNED, daemon, letter, report

FAILED = "Final-Recipient: rfc822; bert@theatre.example\nAction: failed\nStatus: 5.1.1\n"

REPORTS = [
    (
        "Diagnostic-Code: smtp; 550 5.1.1 <bert@theatre.example>: user unknown",
        "5.1.1",
        Severity.HARD,
        "user-unknown",
    ),
    ("Diagnostic-Code: smtp; 552 5.2.2 Mailbox full", "5.2.2", Severity.SOFT, "mailbox-full"),
    ("Diagnostic-Code: smtp; 550 5.7.26 DMARC policy", "5.7.26", Severity.POLICY, "authentication"),
    ("Diagnostic-Code: smtp; 554 5.7.1 blocked using zen.spamhaus.org", "5.7.1", Severity.POLICY, None),
    ("Diagnostic-Code: smtp; 550 5.0.0 quota exceeded", "5.1.1", Severity.SOFT, "mailbox-full"),
    ("", "5.1.1", Severity.HARD, "user-unknown"),
    ("", "5.7.1", Severity.POLICY, "policy"),
    ("", "5.2.2", Severity.SOFT, "mailbox-full"),
    ("", "4.4.7", Severity.SOFT, "expired"),
    ("Diagnostic-Code: x-unix; ", "5.1.2", Severity.HARD, "host-unknown"),
]


@pytest.mark.parametrize(("diagnostic", "status", "severity", "reason"), REPORTS)
def test_a_delivery_report_is_judged_by_its_words_and_then_by_its_number(
    diagnostic, status, severity, reason
):
    bounce = bounce_in(
        parse(
            report(
                f"Final-Recipient: rfc822; bert@theatre.example\nAction: failed\nStatus: {status}\n{diagnostic}\n"
            )
        )
    )

    assert bounce.severity is severity
    assert reason in (None, bounce.reason)
    assert bounce.status == status
    assert bounce.recipient == "bert@theatre.example"
    assert bounce.message_id == OURS


def test_a_delay_is_soft_whatever_the_words_say():
    bounce = bounce_in(
        parse(
            report(
                "Final-Recipient: rfc822; bert@theatre.example\nAction: delayed\nStatus: 4.4.1\n"
                "Diagnostic-Code: smtp; 450 4.1.1 user unknown\n",
                subject="Delayed Mail (still being retried)",
            )
        )
    )

    assert (bounce.severity, bounce.reason) == (Severity.SOFT, "delayed")


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_is_no_bounce(action):
    fields = f"Final-Recipient: rfc822; bert@theatre.example\nAction: {action}\nStatus: 2.0.0\n"

    assert (
        bounce_in(parse(report(fields, text="It arrived.", subject="Successful Mail Delivery Report")))
        is None
    )


def test_of_several_recipients_the_one_that_we_wrote_to_counts():
    bounce = bounce_in(
        parse(
            report(
                "Final-Recipient: rfc822; other@theatre.example\nAction: failed\nStatus: 5.2.2\n\n"
                "Original-Recipient: rfc822; Bert@theatre.example\nFinal-Recipient: rfc822; b.brecht@inside.example\n"
                "Action: failed\nStatus: 5.1.1\n"
            )
        )
    )

    assert (bounce.recipient, bounce.status, bounce.severity) == (
        "Bert@theatre.example",
        "5.1.1",
        Severity.HARD,
    )


@pytest.mark.parametrize(
    "fields",
    [
        "Final-Recipient: bert@theatre.example\nAction: Failed (no such user)\nStatus: 5.1.1 (bad mailbox)\n",
        "Final-Recipient: RFC822;<bert@theatre.example>\nAction: failed; by hand\nStatus: 5.1.1\n",
        "Final-Recipient: rfc822;bert@theatre.example\nStatus: 5.1.1\n",
    ],
)
def test_reports_are_read_as_broken_as_they_come(fields):
    bounce = bounce_in(parse(report(fields)))

    assert (bounce.recipient, bounce.status, bounce.severity) == (
        "bert@theatre.example",
        "5.1.1",
        Severity.HARD,
    )


FORMS = {
    "qmail": (
        daemon(
            "Hi. This is the qmail-send program at mx.theatre.example.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<bert@theatre.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            "--- Below this line is a copy of the message.\n\n" + RETURNED,
            subject="failure notice",
        ),
        Severity.HARD,
    ),
    "postfix": (
        daemon(
            "This is the mail system at host mx.acme.example.\n\nI'm sorry to have to inform you that your message could\n"
            "not be delivered to one or more recipients. It's attached below.\n\n"
            "<bert@theatre.example>: host mx.theatre.example[192.0.2.1] said: 550 5.1.1\n"
            "    <bert@theatre.example>: Recipient address rejected: User unknown in local\n"
            "    recipient table (in reply to RCPT TO command)\n\n" + RETURNED,
        ),
        Severity.HARD,
    ),
    "exim": (
        letter(
            "This message was created automatically by mail delivery software.\n\n"
            "A message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n"
            "  bert@theatre.example\n    all relevant MX records point to non-existent hosts\n\n"
            "------ This is a copy of the message, including all the headers. ------\n\n" + RETURNED,
            **{"from": "Mail Delivery System <Mailer-Daemon@mx.acme.example>"},
            subject="Mail delivery failed: returning message to sender",
            x_failed_recipients="bert@theatre.example",
        ),
        Severity.HARD,
    ),
    "sendmail": (
        daemon(
            "The original message was received at Wed, 30 Apr 2025 08:59:59 +0200\nfrom localhost\n\n"
            "   ----- The following addresses had permanent fatal errors -----\n<bert@theatre.example>\n"
            "    (reason: 552 5.2.2 Over quota)\n\n   ----- Transcript of session follows -----\n"
            "... while talking to mx.theatre.example.:\n>>> RCPT To:<bert@theatre.example>\n"
            "<<< 552 5.2.2 Over quota\n\n   ----- Original message follows -----\n\n" + RETURNED,
            subject="Returned mail: see transcript for details",
        ),
        Severity.SOFT,
    ),
    "gmail": (
        letter(
            "** Address not found **\n\nYour message wasn't delivered to bert@theatre.example because the address couldn't be "
            "found, or is unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 No such user\n",
            **{"from": "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"},
            subject="Delivery Status Notification (Failure)",
            in_reply_to=OURS,
            references=OURS,
            auto_submitted="auto-replied",
        ),
        Severity.HARD,
    ),
    "exchange": (
        letter(
            "Your message\n\n  To:      bert@theatre.example\n  Subject: Your warehouse\n  Sent:    Wed, 30 Apr 2025\n\n"
            "did not reach the following recipient(s):\n\nbert@theatre.example on Wed, 30 Apr 2025 09:00:00 +0200\n"
            "    The recipient name is not recognized\n\tMSEXCH:IMS:Theatre:STAGE:MAIL 0 (000C05A6) Unknown Recipient\n",
            **{"from": "System Administrator <postmaster@theatre.example>"},
            subject="Undeliverable: Your warehouse",
        ),
        Severity.HARD,
    ),
    "domino": (
        letter(
            "Your message\n\n  Subject: Your warehouse\n\nwas not delivered to:\n\n  bert@theatre.example\n\nbecause:\n\n"
            "  User bert (bert@theatre.example) not listed in Domino Directory\n",
            **{"from": "Postmaster@theatre.example"},
            subject="DELIVERY FAILURE: User bert (bert@theatre.example) not listed in Domino Directory",
        ),
        Severity.HARD,
    ),
    "notes in Japanese": (
        letter(
            "------- Failure Reasons  --------\n\n宛先不明\nbert@theatre.example\n\n------- Returned Message --------\n\n"
            + RETURNED,
            **{"from": "postmaster@theatre.example"},
            subject="Undeliverable message",
        ),
        Severity.HARD,
    ),
    "zoho": (
        letter(
            "This message was created automatically by mail delivery software.\n A message that you sent could not be "
            "delivered to one or more of its recipients. This is a permanent error. \n\n"
            "bert@theatre.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <bert@theatre.example>... User Unknown\n\n\n"
            + RETURNED,
            **{"from": "mailer-daemon@mail.zoho.example"},
            subject="Undelivered Mail Returned to Sender",
        ),
        Severity.HARD,
    ),
    "yahoo": (
        daemon(
            "Message from yahoo.com.\nUnable to deliver message to the following address(es).\n\n<bert@theatre.example>:\n"
            "This user doesn't have a theatre.example account (bert@theatre.example) [0]\n\n"
            "--- Original message follows.\n\n" + RETURNED,
            subject="Failure Notice",
        ),
        Severity.HARD,
    ),
    "german": (
        letter(
            "Sehr geehrte Nutzerin, sehr geehrter Nutzer,\n\nIhre E-Mail konnte leider nicht zugestellt werden.\n\n"
            "bert@theatre.example: Postfach voll\n\n" + RETURNED,
            **{"from": "Mail Delivery System <mailer-daemon@web.example>"},
            subject="Unzustellbar: Ihre Nachricht",
        ),
        Severity.SOFT,
    ),
    "french": (
        letter(
            "Votre message n'a pas pu être remis à bert@theatre.example\n\nL'adresse de messagerie n'existe pas.\n",
            **{"from": "postmaster@theatre.example"},
            subject="Non remis : Your warehouse",
        ),
        Severity.HARD,
    ),
    "russian": (
        letter(
            "Это письмо создано автоматически сервером.\n\nК сожалению, Ваше письмо не может быть доставлено:\n\n"
            "  bert@theatre.example\n    550 5.1.1 пользователь не найден\n",
            **{"from": "mailer-daemon@corp.mail.example"},
            subject="Ваше сообщение не доставлено. Mail failure.",
        ),
        Severity.HARD,
    ),
    "chinese": (
        letter(
            "抱歉，您的邮件被退回来了……\n收件人: bert@theatre.example\n退信原因: 收件人邮件地址不存在\n",
            **{"from": "postmaster <PostMaster@qq.example>"},
            subject="系统退信/Systems bounce",
        ),
        Severity.HARD,
    ),
    "japanese phone": (
        letter(
            "送信先のメールボックスが一杯のため、送信できませんでした。\n\nCould not be delivered to: <bert@theatre.example>\n"
            "     As their mailbox is full.\n",
            **{"from": "no-reply@app.au.example"},
            subject="メールエラー通知",
        ),
        Severity.SOFT,
    ),
    "no sender at all": (
        letter(
            "Your Message\nTo:      <bert@theatre.example>\nDid not reach the following recipient: bert@theatre.example\n",
            **{"from": "<>"},
            subject="Undeliverable: bert@theatre.example",
        ),
        Severity.SOFT,
    ),
    "filter": (
        letter(
            "Your message to <bert@theatre.example> was automatically rejected:\nQuota exceeded\n",
            **{"from": "Mail Delivery Subsystem <admin@theatre.example>"},
            subject="Automatically rejected mail",
            auto_submitted="auto-replied (rejected)",
        ),
        Severity.SOFT,
    ),
    "warning": (
        daemon(
            "This message was created automatically by mail delivery software.\nA message that you sent has not yet been "
            "delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\n  bert@theatre.example\n\n"
            "No action is required on your part. Delivery attempts will continue for\nsome time.\n",
            subject="Warning: message 1abc delayed 24 hours",
        ),
        Severity.SOFT,
    ),
    "html only": (
        letter(
            "<p>I'm afraid I wasn't able to deliver your message to the following addresses.<br>"
            "bert@theatre.example<br>No such user</p>",
            **{"from": "MAILER-DAEMON@mx.theatre.example"},
            subject="failure notice",
            content_type="text/html",
        ),
        Severity.HARD,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_that_mail_systems_made_up_are_known(form):
    raw, severity = FORMS[form]

    bounce = bounce_in(parse(raw))

    assert bounce is not None
    assert bounce.severity is severity
    assert bounce.recipient == "bert@theatre.example"
    assert bounce.message_id in (OURS, None)
    assert bounce.message_id == OURS or OURS.encode() not in raw


def test_the_line_ends_of_old_macs_change_nothing():
    raw, severity = FORMS["qmail"]

    bounce = bounce_in(parse(raw.replace(b"\n", b"\r")))

    assert (bounce.severity, bounce.message_id) == (severity, OURS)


def test_a_gateway_that_wraps_the_bounce_hides_nothing():
    inner = FORMS["postfix"][0].decode()
    raw = letter(
        f"--b\nContent-Type: message/rfc822\n\n{inner}\n--b\nContent-Type: text/plain\n\nThis e-mail is confidential.\n--b--\n",
        **{"from": "postmaster@theatre.example"},
        subject="Delivery Status Notification (Failure)",
        content_type="multipart/mixed; boundary=b",
    )

    assert bounce_in(parse(raw)).recipient == "bert@theatre.example"


def test_a_gateway_that_wraps_a_whole_report_hides_nothing():
    inner = report(FAILED + "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n").decode()
    raw = daemon(
        "--o\nContent-Type: text/plain\n\n----- The following addresses had permanent delivery errors -----\n"
        f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n",
        content_type="multipart/mixed; boundary=o",
        subject="Returned mail: User unknown",
    )

    bounce = bounce_in(parse(raw))

    assert (bounce.recipient, bounce.status, bounce.message_id) == ("bert@theatre.example", "5.1.1", OURS)


def test_the_footer_of_a_virus_scanner_says_nothing_about_the_address():
    text = "Delivery to the following recipients failed.\n\n  bert@theatre.example\n\n____ checked by ACME antivirus system"

    assert bounce_in(parse(report(FAILED, text=text))).severity is Severity.HARD


def test_headers_glued_to_those_of_their_part_are_found():
    raw = report(FAILED).replace(b"text/rfc822-headers\n\n", b"message/rfc822\n")

    assert bounce_in(parse(raw)).message_id == OURS


def test_a_message_id_without_its_brackets_gets_them():
    raw = report(FAILED).replace(OURS.encode(), OURS.strip("<>").encode())

    assert bounce_in(parse(raw)).message_id == OURS


NOT_BOUNCES = {
    "an answer that quotes a bounce": letter(
        "Did you get this one too? I changed servers last week, please use bertolt@theatre.example.\n\n"
        "On Tue, Apr 29, 2025 at 9:00 AM Mail Delivery Subsystem <mailer-daemon@googlemail.com> wrote:\n"
        "> Address not found\n> Your message wasn't delivered to bert@theatre.example\n> 550 5.1.1 No such user\n",
        subject="Re: Delivery Status Notification (Failure)",
        in_reply_to="<bounce-1@googlemail.com>",
    ),
    "a forwarded bounce": letter(
        "FYI, can you look into it?\n\n---------- Forwarded message ----------\n"
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Undeliverable\n\n550 5.1.1 user unknown\n",
        subject="Fwd: Undeliverable: Your warehouse",
        in_reply_to="<bounce-1@googlemail.com>",
    ),
    "a bounce as an attachment": letter(
        "--b\nContent-Type: text/plain\n\nIs this yours?\n--b\nContent-Type: message/rfc822\n\n"
        + FORMS["postfix"][0].decode()
        + "\n--b--\n",
        content_type="multipart/mixed; boundary=b",
        subject="strange mail",
    ),
    "talk about delivery": letter(
        "The parcel could not be delivered on Monday, there was no such user at the gate. Can you send it again?\n",
        subject="Re: Delivery problem",
        in_reply_to=OURS,
    ),
    "an answer that keeps the title of a bounce": letter(
        "Your message could not be delivered because I changed servers. Please write to bertolt@theatre.example.",
        subject="Undeliverable: Your warehouse",
        in_reply_to=OURS,
    ),
    "talk about quotas": letter(
        "Our mailbox is full of offers like yours.", subject="Re: Your warehouse", in_reply_to=OURS
    ),
    "a plain answer": letter("Yes, on Tuesday.", in_reply_to=OURS),
    "a postmaster who is a person": letter(
        "Hello Olga,\nI run the mail here. Tuesday is fine.\n",
        **{"from": "Bert <postmaster@theatre.example>"},
        in_reply_to=OURS,
    ),
}


@pytest.mark.parametrize("case", NOT_BOUNCES)
def test_what_people_write_is_no_bounce(case):
    assert bounce_in(parse(NOT_BOUNCES[case])) is None
