"""The public site: no link of it is dead, it knows nobody, and what it says is what the tables hold."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.test import Client

from trust import facts, inventory
from trust.models import Standing, SubProcessor
from trust.posture.run import checks, keep, verify

pytestmark = pytest.mark.usefixtures("world")

PAGES = [
    "/",
    "/trust",
    "/manifesto",
    "/changelog",
    "/sub-processors",
    "/security",
    "/dpa",
    "/status",
    "/find",
    "/subscribe",
    "/sign-up",
]


@pytest.fixture
def apex() -> Client:
    return Client(HTTP_HOST=settings.APEX.netloc)


@pytest.mark.parametrize("page", PAGES)
def test_no_link_of_a_page_is_dead(apex: Client, page: str) -> None:
    answer = apex.get(page)

    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', answer.content.decode()))

    assert answer.status_code == 200
    assert not answer.cookies
    assert {link: apex.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("page", PAGES)
def test_an_anchor_within_the_site_is_there(apex: Client, page: str) -> None:
    linked = re.findall(r'<a [^>]*href="(/?[^":]*)#([^"]+)"', apex.get(page).content.decode())

    for path, anchor in linked:
        assert f'id="{anchor}"' in apex.get(path or page).content.decode(), f"{path}#{anchor}"


def test_pages_are_only_read(apex: Client) -> None:
    assert apex.post("/trust").status_code == 405


def test_the_trust_page_is_drawn_from_the_inventory(apex: Client) -> None:
    page = apex.get("/trust").content.decode()

    for table in [*inventory.workspace().values(), *inventory.directory().values()]:
        assert f"<code>{table.name}</code>" in page
    assert all(f"<code>{column}</code>" in page for column in inventory.workspace()["stage_runs"].forms)


def test_the_trust_page_shows_every_claim_vendor_and_status(apex: Client) -> None:
    page = apex.get("/trust").content.decode().replace("&#x27;", "'")

    assert [each.name for each in checks() if each.claim not in page] == []
    assert [row.name for row in SubProcessor.objects.all() if row.vendor not in page] == []
    assert [row.name for row in Standing.objects.all() if row.text not in page] == []
    assert "which has passed without a report" in page


def test_a_failed_claim_is_shown_as_failed(apex: Client, superuser, settings) -> None:
    settings.REGION = "us"
    keep(verify(only=["region", "row_security"]))
    try:
        page = apex.get("/trust").content.decode()
        told = apex.get("/trust.json").json()
    finally:
        superuser.execute("DELETE FROM public.posture_results; DELETE FROM public.posture_runs")

    failed = re.search(r'<li class="bad">.*?</li>', page, re.DOTALL)
    assert failed
    assert "stored in the region" in failed.group()
    assert told["failed"] == 1
    assert {c["name"]: c["outcome"] for c in told["claims"]}["row_security"] == "proved"


def test_before_the_first_run_nothing_is_said_to_be_proved(apex: Client) -> None:
    told = apex.get("/trust.json").json()

    assert (told["proved"], told["failed"], told["checked_at"]) == (0, 0, None)
    assert told["waiting"] == len(checks())


def test_security_txt_expires_between_30_and_365_days_after_the_release(apex: Client) -> None:
    text = apex.get("/.well-known/security.txt").content.decode()

    assert f"Expires: {facts.SECURITY_TXT_EXPIRES:%Y-%m-%dT%H:%M:%SZ}\n" in text
    assert timedelta(30) <= facts.SECURITY_TXT_EXPIRES.date() - facts.RELEASED <= timedelta(365)


@pytest.mark.parametrize("feed", ["/changelog.atom", "/status.atom"])
def test_a_feed_is_atom_with_an_id_for_each_entry(apex: Client, feed: str) -> None:
    answer = apex.get(feed)
    atom = "{http://www.w3.org/2005/Atom}"

    root = ET.fromstring(answer.content)

    assert answer["Content-Type"].startswith("application/atom+xml")
    assert root.tag == f"{atom}feed"
    entries = root.findall(f"{atom}entry")
    assert all(entry.findtext(f"{atom}id", "").startswith("tag:") for entry in entries)
    assert len(entries) == (2 if feed == "/changelog.atom" else 0)


def test_the_changelog_is_filtered_by_kind(apex: Client) -> None:
    assert apex.get("/changelog?kind=sub_processor").content.decode().count('<article class="entry"') == 1
    assert apex.get("/changelog?kind=nothing").status_code == 404


@pytest.mark.parametrize("page", [*PAGES, "/status.json", "/.well-known/security.txt", "/nowhere"])
def test_every_answer_has_the_headers_and_no_cookie(apex: Client, page: str) -> None:
    answer = apex.get(page)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not answer.cookies
