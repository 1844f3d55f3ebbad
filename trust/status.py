"""Probes the components once a minute, and tells the status page, also while the database is down.

A probe's result goes to the directory. When that does not answer, it waits in Redis until it does, so that an
outage of the database is in its history.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.utils import timezone
from redis import RedisError

from tenants.backup import records
from trust import directory, probes
from trust.models import ComponentState
from trust.models.status import COMPONENTS
from trust.posture.site import Site, SiteDown

State = ComponentState.State
QUEUES = ("llm", "mail", "cpu", "provision")
SILENT_AFTER = 180  # seconds without a pulse
SLOW, STUCK = 120, 900  # seconds that due work has waited
SLOW_PAGE = 2.0
PULSE, WAITING, LAST = "status:pulse:{}", "status:waiting", "status:last"
KEEP_WAITING = 5000


@dataclass(frozen=True, slots=True)
class Probe:
    """What one component answered."""

    component: str
    state: str
    note: str = ""


def beat(queue: str) -> None:
    cache.set(PULSE.format(queue), time.time(), timeout=3600)


def probe_all() -> list[Probe]:
    """Probe every component and record what was found."""
    found = [web(), database(), redis_(), kms(), *work(), backups()]
    record(found, timezone.now())
    return found


def record(found: list[Probe], at: datetime) -> None:
    """Write down what was found, and what still waits from when the directory did not answer."""
    mine = [(probe.component, probe.state, probe.note, at) for probe in found]
    try:
        waiting: list[tuple[str, str, str, datetime]] = cache.get(WAITING) or []
    except RedisError:
        waiting = []
    left = [*waiting, *mine]
    try:
        while left:
            directory.record_probe(*left[0])
            left.pop(0)
    except DatabaseError:
        connections["directory"].close()
    try:
        cache.set(WAITING, left[-KEEP_WAITING:], timeout=None)
        cache.set(LAST, {"probes": mine, "at": at}, timeout=None)
    except RedisError:
        return  # then only the page's own probes tell


def last() -> dict[str, Any] | None:
    """What the last probes found, by way of Redis: for the page while the database is down."""
    try:
        kept: dict[str, Any] | None = cache.get(LAST)
    except RedisError:
        return None
    return kept


def web() -> Probe:
    began = time.monotonic()
    try:
        page = Site(settings.ORIGIN).page("/.well-known/security.txt")
    except SiteDown:
        return Probe("web", State.OUTAGE, "does not answer")
    if page.status != 200:
        return Probe("web", State.OUTAGE, f"answers {page.status}")
    took = time.monotonic() - began
    return Probe("web", State.DEGRADED if took > SLOW_PAGE else State.OPERATIONAL, _milliseconds(took))


def database() -> Probe:
    return _answers("database", probes.database_answers)


def redis_() -> Probe:
    return _answers("redis", probes.redis_answers)


def kms() -> Probe:
    return _answers("kms", probes.kms_answers)


def _answers(component: str, ask: Any) -> Probe:
    began = time.monotonic()
    if not ask():
        return Probe(component, State.OUTAGE, "does not answer")
    return Probe(component, State.OPERATIONAL, _milliseconds(time.monotonic() - began))


def _milliseconds(seconds: float) -> str:
    return f"answers in {max(round(seconds * 1000), 1)} ms"


def work() -> list[Probe]:
    """Whether each queue is served, and how long due work has waited."""
    try:
        lags = directory.bell_lags()
    except DatabaseError:
        connections["directory"].close()
        unknown = "cannot be told while the database does not answer"
        return [workers(), *(Probe(name, State.OUTAGE, unknown) for name in ("queue", "sync", "send"))]
    rest = [seconds for kind, seconds in lags.items() if kind not in {"sync", "send"}]
    return [
        workers(),
        waits("queue", max(rest, default=0)),
        waits("sync", lags.get("sync", 0)),
        waits("send", lags.get("send", 0)),
    ]


def backups() -> Probe:
    """How old the last backups are: the oldest of them, because it is the one that would be missed."""
    try:
        age, drill = records.age(), records.last_drill()
    except DatabaseError:
        connections["directory"].close()
        return Probe("backups", State.OUTAGE, "cannot be told while the database does not answer")
    if age.late:
        state = State.OUTAGE if age.late == age.workspaces else State.DEGRADED
        return Probe("backups", state, f"{age.late} of {age.workspaces} without one of the last 36 hours")
    if age.oldest is None:
        return Probe("backups", State.OPERATIONAL, "none is due yet")
    hours = (timezone.now() - age.oldest).total_seconds() / 3600
    said = f"all of the last {max(round(hours), 1)} h"
    if drill:
        result = "passed" if drill.passed else "failed"
        said += f"; restore rehearsed on {drill.at:%d %B %Y}, {result}"
    is_well = drill is None or drill.passed
    return Probe("backups", State.OPERATIONAL if is_well else State.DEGRADED, said)


def workers() -> Probe:
    now = time.time()
    try:
        silent = [queue for queue in QUEUES if now - (cache.get(PULSE.format(queue)) or 0) > SILENT_AFTER]
    except RedisError:
        return Probe("workers", State.OUTAGE, "cannot be reached")
    if not silent:
        return Probe("workers", State.OPERATIONAL, f"{len(QUEUES)} of {len(QUEUES)} queues served")
    state = State.OUTAGE if len(silent) == len(QUEUES) else State.DEGRADED
    return Probe("workers", state, f"{len(QUEUES) - len(silent)} of {len(QUEUES)} queues served")


def waits(component: str, seconds: float) -> Probe:
    if seconds < SLOW:
        return Probe(
            component, State.OPERATIONAL, "nothing waits" if seconds < 5 else f"{seconds:.0f} s behind"
        )
    state = State.OUTAGE if seconds > STUCK else State.DEGRADED
    return Probe(component, state, f"{seconds / 60:.0f} min behind")


NAMES = dict(COMPONENTS)
