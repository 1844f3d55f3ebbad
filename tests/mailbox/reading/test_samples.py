"""Real mail, read in place: see ../shared/data/README.md. None of it is in the repository."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.diagnostics import Severity
from mailbox.triage import Kind, triage
from tests.paths import DATA

FILES = sorted((DATA / "mail").glob("*.eml"))

BOUNCES = {
    "bounce-broken-mime": (Severity.SOFT, "info@example.net", None),
    "bounce-delayed": (Severity.SOFT, "foo@example.com", "4.0.0"),
    "bounce-delayed-broken": (Severity.SOFT, "demo@example.com", "4.2.2"),
    "bounce-gmail-invalid-address": (Severity.HARD, "awfawfawfawfawfaw@someserverhere.com", "5.1.0"),
    "bounce-gmail-no-dns": (Severity.HARD, "user@example.comm", "5.1.2"),
    "bounce-mailbox-full": (Severity.SOFT, "user@aol.com", "5.2.2"),
    "bounce-no-mx": (Severity.SOFT, "user@example.com", "4.4.4"),
    "bounce-office365": (Severity.HARD, "noname@example.com", "5.1.10"),
    "bounce-zed": (
        Severity.HARD,
        "asdfasdfasdfasdfasdfasdfewrqertrtyrthsfgdfgadfqeadvxzvz@gmail.com",
        "5.1.1",
    ),
}
COMPLAINTS = {"complaints-aol", "complaints-yahoo"}
AUTO_REPLIES = {"disposition-notification"}


@cache
def read(name: str) -> bytes:
    return (DATA / "mail" / name).read_bytes()


def test_the_samples_are_there():
    assert len(FILES) > 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_sample_is_what_it_is(file):
    seen = triage(file.read_bytes())

    expected = (
        Kind.BOUNCE
        if file.stem in BOUNCES
        else Kind.COMPLAINT
        if file.stem in COMPLAINTS
        else Kind.AUTO_REPLY
        if file.stem in AUTO_REPLIES
        else Kind.REPLY
    )
    assert seen.kind is expected
    if expected is Kind.BOUNCE:
        assert (seen.severity, seen.recipient, seen.status) == BOUNCES[file.stem]


def test_a_returned_message_is_found_in_its_part_and_in_the_text():
    assert triage(read("bounce-mailbox-full.eml")).message_id == "<4E326A95.3010907@example.com>"
    assert triage(read("bounce-gmail-invalid-address.eml")).message_id == (
        "<CAKsfaBUUGqVZiaMrmH3TRPfq1odQPtM7Ey5YW1SgyJJRHtAjgw@mail.gmail.com>"
    )
    assert triage(read("complaints-yahoo.eml")).recipient == "user@yahoo.com"


@given(st.sampled_from([file.name for file in FILES]), st.data())
def test_damaged_samples_are_read(name, data):
    raw = bytearray(read(name)[:20_000])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        raw[at : at + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=20))

    seen = triage(bytes(raw))

    assert seen.kind in Kind
    (seen.subject + seen.sender + seen.visible_text + (seen.recipient or "")).encode()
