"""Outgoing mail: the bytes, and what the standard library reads back from them."""

import email
import re
import string
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.headers import CannotRender, Person
from mailbox.mime import Footer, Outgoing, new_message_id, render

MAIL = Outgoing(
    sender=Person("Olga Petrova", "olga@acme.example"),
    recipient=Person("Jürgen Groß", "jurgen@bücher.example"),
    subject="Your warehouse in Halle",
    text="Hello Jürgen,\n\nyou opened a warehouse: https://news.example/halle?id=1&p=2.\nIs it full?\n\nOlga",
    date=datetime(2026, 9, 1, 8, 30, tzinfo=timezone(timedelta(hours=2))),
    message_id="<0123456789abcdef@acme.example>",
    paitho_id="0199-ab",
    unsubscribe_url="https://acme.paitho.example/o/abc",
    footer=Footer(
        "No further mail: https://acme.paitho.example/o/abc", "Acme Ltd, 1 Main Street, Springfield"
    ),
)

GOLDEN = b"""\
Date: Tue, 01 Sep 2026 08:30:00 +0200
From: Olga Petrova <olga@acme.example>
To: =?utf-8?b?SsO8cmdlbiBHcm/Dnw==?= <jurgen@xn--bcher-kva.example>
Subject: Your warehouse in Halle
Message-ID: <0123456789abcdef@acme.example>
List-Unsubscribe: <https://acme.paitho.example/o/abc>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Id: <outreach.acme.example>
X-Paitho-Id: 0199-ab
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_427132213c238ca6b314cf0a7bacf5cf"

--=_427132213c238ca6b314cf0a7bacf5cf
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Hello J=C3=BCrgen,

you opened a warehouse: https://news.example/halle?id=3D1&p=3D2.
Is it full?

Olga

No further mail: https://acme.paitho.example/o/abc

Acme Ltd, 1 Main Street, Springfield

--=_427132213c238ca6b314cf0a7bacf5cf
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<!DOCTYPE html>
"""

# What a person may type: any character but controls, halves of characters and separators.
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120)
IDS = st.lists(
    st.text(string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~.[]@", min_size=1, max_size=120).map(
        "<{}>".format
    ),
    max_size=30,
)


def parsed(message: Outgoing) -> EmailMessage:
    return email.message_from_bytes(render(message), policy=default)


def decoded(raw: object) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n", "", str(raw)))))


def one_space(text: str) -> str:
    return re.sub(" +", " ", text).strip(" ")


def test_the_bytes_are_these():
    content = render(MAIL)

    assert content.replace(b"\r\n", b"\n").startswith(GOLDEN)
    assert content.count(b"\n") == content.count(b"\r\n")
    assert render(MAIL) == content


def test_the_html_part_says_the_same_and_loads_nothing():
    html = parsed(MAIL).get_body(("html",)).get_content().replace("\r\n", "\n")

    assert ">Hello Jürgen,</p>" in html
    link = "https://news.example/halle?id=1&amp;p=2"
    assert f'<a href="{link}">{link}</a>.<br>\nIs it full?</p>' in html
    assert "Acme Ltd, 1 Main Street, Springfield</p>" in html
    assert not re.search(r"<(img|script|link|iframe|style)|src=|url\(", html)


def test_html_in_the_text_stays_text():
    html = parsed(replace(MAIL, text='<script src="https://evil.example/x.js"></script> & <b>')).get_body(
        ("html",)
    )

    assert "<script" not in html.get_content()
    assert "&amp; &lt;b&gt;" in html.get_content()


@given(subject=WORDS)
def test_any_subject_comes_back(subject):
    message = email.message_from_bytes(render(replace(MAIL, subject=subject)))

    assert decoded(message["Subject"]) == one_space(subject)


@given(name=WORDS)
def test_any_name_comes_back_with_its_address(name):
    message = email.message_from_bytes(render(replace(MAIL, sender=Person(name, "a.b+c@acme.example"))))

    [(phrase, address)] = getaddresses([re.sub(r"\r?\n", "", message["From"])])
    assert (decoded(phrase), address) == (one_space(name), "a.b+c@acme.example")


@given(name=WORDS)
def test_no_name_adds_a_recipient(name):
    header = parsed(replace(MAIL, recipient=Person(name, "to@corp.example")))["To"]

    assert [each.addr_spec for each in header.addresses] == ["to@corp.example"]


@given(
    text=st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\n\t"), max_size=600
    )
)
def test_any_text_comes_back(text):
    message = email.message_from_bytes(render(replace(MAIL, text=text, footer=None)))

    plain, html = message.get_payload()
    assert plain.get_payload(decode=True).decode().replace("\r\n", "\n") == text.strip("\n") + "\n"
    assert html.get_payload(decode=True).decode().startswith("<!DOCTYPE html>")


@given(subject=WORDS, name=WORDS, text=WORDS, references=IDS)
def test_every_line_is_legal(subject, name, text, references):
    message = replace(
        MAIL, subject=subject, sender=Person(name, "a@b.example"), text=text, references=tuple(references)
    )

    content = render(message)

    head = content.partition(b"\r\n\r\n")[0]
    assert content.isascii()
    assert b"\0" not in content
    for line in content.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\r" not in line
        assert b"\n" not in line
    for line in head.split(b"\r\n"):
        assert line.strip()
        assert b"=?utf-8?" not in line or len(line) <= 76


@given(references=IDS)
def test_references_are_never_encoded(references):
    message = email.message_from_bytes(render(replace(MAIL, references=tuple(references))))

    assert str(message.get("References", "")).split() == references
    assert message.get("In-Reply-To") == (references[-1] if references else None)


def test_a_long_outlook_id_stays_whole_in_in_reply_to():
    long_id = f"<{'A' * 90}.EURP192.PROD.OUTLOOK.COM@{'x' * 100}.example>"

    content = render(replace(MAIL, references=("<first@acme.example>", long_id)))

    assert f"In-Reply-To: {long_id}\r\n".encode() in content
    assert f"References: <first@acme.example>\r\n {long_id}\r\n".encode() in content


def test_a_strangers_id_that_cannot_be_written_is_left_out():
    message = parsed(
        replace(MAIL, references=("<ok@x>", "<two words@x>", "<é@x>", "<a@x>\r\nBcc: <b@x>", "no brackets"))
    )

    assert message["References"] == "<ok@x>"
    assert message["Bcc"] is None


def test_a_long_subject_is_folded_at_its_spaces():
    subject = "A subject " + "with many words " * 12 + "end"

    head = render(replace(MAIL, subject=subject)).partition(b"\r\n\r\n")[0]

    assert all(len(line) <= 78 for line in head.split(b"\r\n") if b"boundary" not in line)
    assert parsed(replace(MAIL, subject=subject))["Subject"] == subject


@pytest.mark.parametrize(
    "evil",
    ["\r\nBcc: x@evil.example", "\nBcc: x", "\rBcc: x", "a\0b", "a\x7fb", "\u2028Bcc: x", "\x85Bcc: x"],
)
def test_nothing_can_end_a_header_and_begin_another(evil):
    """Guards refuse_unsafe and the patterns of addresses, ids and links."""
    for change in (
        {"subject": "Hi" + evil},
        {"sender": Person("Olga" + evil, "a@b.example")},
        {"recipient": Person("", f"a{evil}@b.example")},
        {"recipient": Person("", f"a@b.example{evil}")},
        {"message_id": f"<a{evil}@b.example>"},
        {"paitho_id": "a" + evil},
        {"unsubscribe_url": "https://a.example/" + evil},
    ):
        with pytest.raises(CannotRender) as refusal:
            render(replace(MAIL, **change))
        assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "address",
    [
        "jürgen@acme.example",
        "two words@acme.example",
        "a@b",
        "a@-x.example",
        "@b.example",
        "a.b",
        "a..b@c.example",
        '"q"@c.example',
        "a" * 65 + "@c.example",
    ],
)
def test_an_address_that_servers_do_not_agree_on_is_refused(address):
    with pytest.raises(CannotRender):
        render(replace(MAIL, recipient=Person("", address)))


def test_an_international_local_part_is_refused_with_the_reason():
    with pytest.raises(CannotRender, match="outside ASCII"):
        render(replace(MAIL, recipient=Person("", "jürgen@acme.example")))


def test_control_characters_in_the_text_are_refused_and_line_ends_are_one_kind():
    with pytest.raises(CannotRender):
        render(replace(MAIL, text="a\x1b[31mb"))
    assert b"\r\n\r\na\r\nb\r\nc\r\nd\r\n\r\n" in render(replace(MAIL, text="a\r\nb\rc\nd"))


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.paitho.example/o/a",
        "ftp://x.example/",
        "https:///x",
        "https://x.example/a b",
        "https://x.example/>,<mailto:a@b>",
        "javascript:alert(1)",
    ],
)
def test_the_opt_out_link_is_one_https_address(url):
    with pytest.raises(CannotRender):
        render(replace(MAIL, unsubscribe_url=url), loopback=True)


def test_a_loopback_link_may_be_http_when_told_so():
    local = replace(MAIL, unsubscribe_url="http://acme.localhost:8000/o/abc")

    assert b"List-Unsubscribe: <http://acme.localhost:8000/o/abc>\r\n" in render(local, loopback=True)
    with pytest.raises(CannotRender):
        render(local)


def test_message_ids_are_new_each_time_and_carry_the_domain():
    ids = {new_message_id("Bücher.example") for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"<[0-9a-f]{32}@xn--bcher-kva\.example>", each) for each in ids)


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(CannotRender):
        render(replace(MAIL, date=datetime(2026, 9, 1)))  # noqa: DTZ001  the point of the test


@pytest.mark.spamassassin
def test_spamassassin_finds_little_to_say():
    """Local rules only; the score of a typical mail is below 1."""
    typical = replace(
        MAIL,
        recipient=Person("Josephine Darakjy", "josephine_darakjy@darakjy.example"),
        text="""Hi Josephine,

I saw that Chanay runs two offices in Livingston County. Teams of that size often say that quotes take a day.

Would it help to see how Benton cut that to an hour? I could show you on Thursday.

Best regards
Olga Petrova
Acme Ltd""",
        date=datetime.now(UTC),
    )
    command = ["spamassassin", "--local", "--test-mode"]

    report = subprocess.run(
        command, input=render(typical), capture_output=True, timeout=120, check=True
    ).stdout

    score = re.search(rb"X-Spam-Status:.*?score=(-?[0-9.]+)", report, re.DOTALL)
    assert float(score[1]) < 1, report.decode()
