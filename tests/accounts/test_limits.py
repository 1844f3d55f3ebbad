"""Limits are counted per workspace and per window, and hold under many hands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from accounts.limits import Limit, TooMany, count, source_of
from tenants.binding import bound

THREE = Limit("three", 3, 3600)


def refused(_: int) -> bool:
    try:
        count(THREE, "someone@acme.example")
    except TooMany:
        return True
    return False


def test_exactly_the_limit_passes_under_concurrency():
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(refused, range(20)))

    assert outcomes.count(False) == 3


def test_a_workspace_counts_for_itself(world):
    with bound(world.acme):
        assert [refused(0) for _ in range(4)] == [False, False, False, True]
    with bound(world.rival):
        assert not refused(0)


def test_the_window_opens_again(monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr("accounts.limits.time.time", lambda: now[0])
    for _ in range(3):
        count(THREE, "a")
    with pytest.raises(TooMany) as error:
        count(THREE, "A ")
    assert 0 < error.value.wait <= 3600

    now[0] += error.value.wait
    count(THREE, "a")


def test_redis_holds_no_address():
    count(THREE, "someone@acme.example")

    keys = [str(key) for key in cache._cache.get_client().keys("*")]

    assert keys
    assert not [key for key in keys if "someone" in key or "acme.example" in key]


@pytest.mark.parametrize(
    ("ip", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
    ],
)
def test_one_customer_of_a_provider_counts_once(ip, source):
    request = RequestFactory().get("/", REMOTE_ADDR=ip)

    assert source_of(request) == source
