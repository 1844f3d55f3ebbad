"""The public site: no link of it is dead, and it stays up when what it reports on is down."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from trust import facts

pytestmark = pytest.mark.usefixtures("world")

PAGES = ["/", "/trust", "/manifesto", "/changelog", "/security", "/dpa", "/status"]


@pytest.mark.parametrize("page", PAGES)
def test_no_link_of_a_page_is_dead(page: str) -> None:
    apex = Client(HTTP_HOST=settings.APEX.netloc)
    answer = apex.get(page)

    links = set(re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.content.decode()))

    assert answer.status_code == 200
    assert not answer.cookies
    assert {link: apex.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_pages_are_only_read() -> None:
    assert Client(HTTP_HOST=settings.APEX.netloc).post("/trust").status_code == 405


def test_security_txt_expires_between_30_and_365_days_after_the_release() -> None:
    text = Client(HTTP_HOST=settings.APEX.netloc).get("/.well-known/security.txt").content.decode()

    assert f"Expires: {facts.SECURITY_TXT_EXPIRES:%Y-%m-%dT%H:%M:%SZ}\n" in text
    assert 30 <= (facts.SECURITY_TXT_EXPIRES.date() - facts.RELEASED).days <= 365


def test_status_renders_when_database_and_redis_are_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(settings.DATABASES["directory"], "HOST", "127.0.0.1")
    monkeypatch.setitem(settings.DATABASES["directory"], "PORT", "1")

    answer = Client(HTTP_HOST=settings.APEX.netloc).get("/status")

    assert answer.status_code == 200
    assert answer.content.decode().count("does not answer") == 2
