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
    "1,000 nested multiparts": lambda: (
        b"From: a@b.example\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_000))
    ),
    "1,000 nested messages": lambda: (
        b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 1_000 + b"\nhi"
    ),
    "1,000 nested digests": lambda: (
        b"From: a@b.example\n"
        + b"".join(
            b"Content-Type: multipart/digest; boundary=b%d\n\n--b%d\n\n" % (n, n) for n in range(1_000)
        )
    ),
    "10,000 parts": lambda: letter(
        "--b\nContent-Type: text/plain\n\nhi\n" * 10_000, content_type="multipart/mixed; boundary=b"
    ),
    "25 MB of lines": lambda: letter("x\n" * 12_500_000),
    "25 MB in one line": lambda: letter("x" * 25_000_000),
    "25 MB of base64": lambda: letter("QUFB" * 6_000_000, content_transfer_encoding="base64"),
    "25 MB of NULs": lambda: letter("") + b"\x00" * 25_000_000,
    "25 MB of carriage returns": lambda: letter("") + b"\r" * 25_000_000,
    "a million headers": lambda: b"A: b\n" * 1_000_000,
    "a header of 5 MB": lambda: letter("hi", subject="x" * 5_000_000),
    "a header folded 500,000 times": lambda: letter("hi", subject="x\n " * 500_000),
    "an encoded-word bomb": lambda: letter("hi", subject="=?utf-8?q?=41?= " * 200_000),
    "encoded words that never end": lambda: letter("hi", subject="=?utf-8?q?" * 200_000),
    "nested comments": lambda: letter("hi", **{"from": "(" * 100_000 + "a@b.example", "date": "(" * 50_000}),
    "100,000 addresses": lambda: letter("hi", to="a@b.example, " * 100_000),
    "100,000 references": lambda: letter("hi", references="<a@b.example> " * 100_000),
    "open references": lambda: letter("hi", references="<" * 500_000, in_reply_to="<a" * 200_000),
    "50,000 nested div": lambda: letter("<div>" * 50_000 + "hi", content_type="text/html"),
    "50,000 nested blockquotes": lambda: letter("<blockquote>" * 50_000 + "hi", content_type="text/html"),
    "open tags": lambda: letter("<a " * 500_000, content_type="text/html"),
    "open comments": lambda: letter("<!--" * 500_000, content_type="text/html"),
    "open scripts": lambda: letter("<script></s" * 200_000, content_type="text/html"),
    "ampersands": lambda: letter("&" * 1_000_000, content_type="text/html"),
    "lines that nearly introduce": lambda: letter(
        "On Mon, Apr 30, 2025 at 9:00 AM a@b.example <x wrote\n" * 20_000
    ),
    "one long line that nearly introduces": lambda: letter("On " * 300_000 + "wrote:"),
    "dashes": lambda: letter("-" * 1_000_000 + "x"),
    "rules": lambda: letter("-----\n" * 100_000),
    "quote marks": lambda: letter("> " * 500_000),
    "colons": lambda: letter(("From:" * 20 + "\n") * 50_000),
    "blanks": lambda: letter(" \t" * 500_000 + "x"),
    "dates": lambda: letter("until 1.1." * 100_000, auto_submitted="auto-replied"),
    "cues": lambda: letter("back on until " * 100_000, auto_submitted="auto-replied"),
    "addresses in a bounce": lambda: daemon("<" + "a@" * 300_000 + "\n" + "a.b@c.example " * 50_000),
    "gaps in a bounce": lambda: daemon(
        "mailbox user address recipient account " * 50_000 + " 5.1.1" * 50_000
    ),
    "headers in a bounce": lambda: daemon("Received: x\n" * 100_000),
    "recipients in a report": lambda: daemon(
        "--b\nContent-Type: message/delivery-status\n\n"
        + "Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n\n" * 30_000,
        content_type="multipart/report; report-type=delivery-status; boundary=b",
    ),
    "message ids in a bounce": lambda: daemon("Message-ID: " * 100_000 + "<" + "x" * 100_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_is_read_in_bounded_time(case):
    raw = HOSTILE[case]()
    start = time.process_time()

    seen = triage(raw, our_text="Is your first warehouse in Halle full by now?\n" * 200)

    assert time.process_time() - start < SECONDS
    assert len(seen.text) <= 300_000
    assert len(seen.visible_text) <= 70_000
    assert len(seen.references) <= 600
    assert seen.kind in Kind


def test_what_stands_before_a_bottomless_nest_is_read():
    nest = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(1_000))
    raw = letter("--b0\n\nhello\n" + nest, content_type="multipart/mixed; boundary=b0")

    seen = triage(raw)

    assert seen.visible_text == "hello"
    assert not seen.unreadable


def test_a_boundary_made_of_regular_expression_is_no_expression():
    raw = letter(
        "--(a+)+$\n\nhello\n--(a+)+$--\n" + "a" * 5_000, content_type='multipart/mixed; boundary="(a+)+$"'
    )

    assert "hello" in triage(raw).text
