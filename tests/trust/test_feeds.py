"""The feeds by the letter of RFC 4287, with everything in them that they can tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.test import Client

from tests.trust.test_pages import FORGET, STORY

ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = ("id", "title", "updated")  # 4.1.1 and 4.1.2: exactly one of each


@pytest.fixture
def told(world, superuser) -> Iterator[Client]:
    superuser.execute(STORY.replace("%%", "%"))
    yield Client(HTTP_HOST=settings.APEX.netloc)
    superuser.execute(FORGET)


def problems(feed: ET.Element, asked_at: str) -> list[str]:
    entries = feed.findall(f"{ATOM}entry")
    wrong = [
        f"{tag}: {name}" for tag in (feed, *entries) for name in ONCE if len(tag.findall(ATOM + name)) != 1
    ]
    ids = [each.findtext(f"{ATOM}id", "") for each in (feed, *entries)]
    wrong += [f"id twice: {each}" for each in ids if ids.count(each) > 1]
    wrong += [f"no IRI: {each}" for each in ids if not urlsplit(each).scheme]
    dated = [each for name in ("updated", "published") for each in feed.iter(ATOM + name)]
    wrong += [f"date: {each.text}" for each in dated if not is_past(each.text or "")]
    if feed.find(f"{ATOM}author/{ATOM}name") is None:
        wrong.append("no author")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    if links.get("self") != asked_at or not links.get("alternate"):
        wrong.append(f"links: {links}")
    for entry in entries:
        if entry.find(f"{ATOM}link[@rel='alternate']") is None and entry.find(f"{ATOM}content") is None:
            wrong.append("an entry without link and content")
    return wrong


def is_past(moment: str) -> bool:
    """A date of RFC 3339 with its zone, and no news of tomorrow."""
    found = datetime.fromisoformat(moment)
    return found.tzinfo is not None and found <= datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.parametrize(("path", "number"), [("/changelog.atom", 2), ("/status.atom", 3)])
def test_a_feed_is_valid_atom(told: Client, path: str, number: int) -> None:
    feed = ET.fromstring(told.get(path).content)

    assert feed.tag == f"{ATOM}feed"
    assert len(feed.findall(f"{ATOM}entry")) == number
    assert problems(feed, settings.ORIGIN + path) == []


def test_what_an_operator_types_is_text_in_the_feed(told: Client, superuser) -> None:
    superuser.execute(
        "UPDATE public.incidents SET title = '<b>5 < 6 & 7</b>'; UPDATE public.incident_updates SET text ="
        " '<script>alert(1)</script> & more'"
    )

    feed = ET.fromstring(told.get("/status.atom").content)

    titles = [each.text for each in feed.iter(f"{ATOM}title")]
    assert "Investigating: <b>5 < 6 & 7</b>" in titles
    texts = [each.text or "" for each in feed.iter(f"{ATOM}summary")]
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script>" in text for text in texts)


def test_the_status_tells_machines_of_incidents_past_and_present(told: Client) -> None:
    found = told.get("/status.json").json()

    assert [each["title"] for each in found["incidents"]] == ["Reading mail lags behind"]
    assert [each["title"] for each in found["past_incidents"]] == ["Sending was slow"]
    assert found["past_incidents"][0]["resolved_at"]
    assert found["past_incidents"][0]["updates"][0]["text"] == "We look at it."
    assert [each["title"] for each in found["maintenance"]] == ["A larger disk"]


def test_pages_without_secrets_travel_compressed_and_forms_do_not(told: Client) -> None:
    def coding(path: str) -> str:
        return told.get(path, HTTP_ACCEPT_ENCODING="gzip").headers.get("Content-Encoding", "")

    assert [coding(path) for path in ("/", "/trust", "/status", "/status.json")] == ["gzip"] * 4
    assert [coding(path) for path in ("/find", "/dpa", "/subscribe", "/sign-up")] == [""] * 4
