"""Input made to be slow or to break the reader: each case is over in a moment, on the slowest machine.

The limits are generous, tens of times what it takes here, because machines are shared; what is quadratic takes
minutes on these sizes.
"""

import time

import pytest

from mailbox.triage import Kind, triage
from tests.mailbox.reading.letters import daemon, letter

SECONDS = 8.0

HOSTILE = {
    "1,000 nested multiparts": b"From: a@b.example\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_000)),
    "1,000 nested messages": b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 1_000 + b"\nhi",
    "1,000 nested digests": b"From: a@b.example\n"
    + b"".join(b"Content-Type: multipart/digest; boundary=b%d\n\n--b%d\n\n" % (n, n) for n in range(1_000)),
    "10,000 parts": letter(
        "--b\nContent-Type: text/plain\n\nhi\n" * 10_000, content_type="multipart/mixed; boundary=b"
    ),
    "25 MB of lines": letter("x\n" * 12_500_000),
    "25 MB in one line": letter("x" * 25_000_000),
    "25 MB of base64": letter("QUFB" * 6_000_000, content_transfer_encoding="base64"),
    "25 MB of NULs": letter("") + b"\x00" * 25_000_000,
    "25 MB of carriage returns": letter("") + b"\r" * 25_000_000,
    "a million headers": b"A: b\n" * 1_000_000,
    "a header of 5 MB": letter("hi", subject="x" * 5_000_000),
    "a header folded 500,000 times": letter("hi", subject="x\n " * 500_000),
    "an encoded-word bomb": letter("hi", subject="=?utf-8?q?=41?= " * 200_000),
    "encoded words that never end": letter("hi", subject="=?utf-8?q?" * 200_000),
    "nested comments": letter("hi", **{"from": "(" * 100_000 + "a@b.example", "date": "(" * 50_000}),
    "100,000 addresses": letter("hi", to="a@b.example, " * 100_000),
    "100,000 references": letter("hi", references="<a@b.example> " * 100_000),
    "open references": letter("hi", references="<" * 500_000, in_reply_to="<a" * 200_000),
    "50,000 nested div": letter("<div>" * 50_000 + "hi", content_type="text/html"),
    "50,000 nested blockquotes": letter("<blockquote>" * 50_000 + "hi", content_type="text/html"),
    "open tags": letter("<a " * 500_000, content_type="text/html"),
    "open comments": letter("<!--" * 500_000, content_type="text/html"),
    "open scripts": letter("<script></s" * 200_000, content_type="text/html"),
    "ampersands": letter("&" * 1_000_000, content_type="text/html"),
    "lines that nearly introduce": letter("On Mon, Apr 30, 2025 at 9:00 AM a@b.example <x wrote\n" * 20_000),
    "one long line that nearly introduces": letter("On " * 300_000 + "wrote:"),
    "dashes": letter("-" * 1_000_000 + "x"),
    "rules": letter("-----\n" * 100_000),
    "quote marks": letter("> " * 500_000),
    "colons": letter(("From:" * 20 + "\n") * 50_000),
    "blanks": letter(" \t" * 500_000 + "x"),
    "dates": letter("until 1.1." * 100_000, auto_submitted="auto-replied"),
    "cues": letter("back on until " * 100_000, auto_submitted="auto-replied"),
    "addresses in a bounce": daemon("<" + "a@" * 300_000 + "\n" + "a.b@c.example " * 50_000),
    "gaps in a bounce": daemon("mailbox user address recipient account " * 50_000 + " 5.1.1" * 50_000),
    "headers in a bounce": daemon("Received: x\n" * 100_000),
    "recipients in a report": daemon(
        "--b\nContent-Type: message/delivery-status\n\n"
        + "Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n\n" * 30_000,
        content_type="multipart/report; report-type=delivery-status; boundary=b",
    ),
    "message ids in a bounce": daemon("Message-ID: " * 100_000 + "<" + "x" * 100_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_is_read_in_bounded_time(case):
    start = time.process_time()

    seen = triage(HOSTILE[case], our_text="Is your first warehouse in Halle full by now?\n" * 200)

    assert time.process_time() - start < SECONDS
    assert len(seen.text) <= 300_000
    assert len(seen.visible_text) <= 70_000
    assert len(seen.references) <= 600
    assert seen.kind in Kind


def test_a_boundary_made_of_regular_expression_is_no_expression():
    raw = letter(
        "--(a+)+$\n\nhello\n--(a+)+$--\n" + "a" * 5_000, content_type='multipart/mixed; boundary="(a+)+$"'
    )

    assert "hello" in triage(raw).text
