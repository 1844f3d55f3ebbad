"""What the status page, its JSON and its feed tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import DatabaseError, connections
from django.db.models import Prefetch
from django.utils import timezone

from trust import probes, status
from trust.models import ComponentDay, ComponentState, Incident, IncidentUpdate, Maintenance
from trust.models.status import COMPONENTS
from trust.patience import in_time

DAYS = 90
SILENT_AFTER = timedelta(minutes=5)
PATIENCE = 3.0  # seconds
State = ComponentState.State
STEP, WIDE = 4, 3
RANK = {State.OPERATIONAL: 0, State.DEGRADED: 1, State.OUTAGE: 2}


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of a component's history, in a box of 360 x 28."""

    day: date
    tone: str
    x: int
    words: str


@dataclass(frozen=True, slots=True)
class Component:
    key: str
    name: str
    state: str
    note: str
    since: datetime | None
    days: list[Day] = field(default_factory=list)
    uptime: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the status page shows; `source` says where it is from when the database is down."""

    components: list[Component]
    probed_at: datetime | None
    incidents: list[Incident] = field(default_factory=list)
    past: list[Incident] = field(default_factory=list)
    planned: list[Maintenance] = field(default_factory=list)
    is_from_directory: bool = True

    @property
    def state(self) -> str:
        worst = max((RANK.get(State(each.state), 0) for each in self.components), default=0)
        told = [RANK[State.OUTAGE if each.impact == "outage" else State.DEGRADED] for each in self.incidents]
        return [State.OPERATIONAL, State.DEGRADED, State.OUTAGE][max([worst, *told])].value

    @property
    def is_silent(self) -> bool:
        """Nothing was probed for minutes: what stands there is old."""
        return self.probed_at is None or self.probed_at < timezone.now() - SILENT_AFTER

    @property
    def headline(self) -> str:
        if self.is_silent and self.is_from_directory and self.state == State.OPERATIONAL:
            return "No word from the probes."
        return {
            State.OPERATIONAL.value: "All systems operational.",
            State.DEGRADED.value: "Some of it is slow or in trouble.",
            State.OUTAGE.value: "Something does not work.",
        }[self.state]


def current() -> Status:
    """From the directory; when that does not answer in time, from the last probes and from asking now."""
    try:
        return in_time(_asked_apart, PATIENCE)
    except (DatabaseError, TimeoutError):
        return without_directory()


def _asked_apart() -> Status:
    """In a thread of its own, with a session of its own."""
    try:
        return from_directory()
    finally:
        connections["directory"].close()


def from_directory() -> Status:
    now = timezone.now()
    states = {row.component: row for row in ComponentState.objects.all()}
    history = _history(now.date())
    components = [
        _component(key, name, states.get(key), history.get(key, {}), now.date()) for key, name in COMPONENTS
    ]
    updates = Prefetch("updates", queryset=IncidentUpdate.objects.order_by("-at", "-pk"))
    recent = list(
        Incident.objects.filter(started_at__gte=now - timedelta(days=DAYS)).prefetch_related(updates)
    )
    open_ones = list(Incident.objects.filter(resolved_at=None).prefetch_related(updates))
    return Status(
        components=components,
        probed_at=max((row.probed_at for row in states.values()), default=None),
        incidents=open_ones,
        past=[incident for incident in recent if incident.resolved_at],
        planned=list(Maintenance.objects.filter(ends_at__gt=now, cancelled_at=None).order_by("starts_at")),
    )


def without_directory() -> Status:
    """The database is down: what the last probes said, with the few parts asked again just now."""
    kept = status.last() or {"probes": [], "at": None}
    said = {component: (state, note, at) for component, state, note, at in kept["probes"]}
    for key, ask in (
        ("database", probes.database_answers),
        ("redis", probes.redis_answers),
        ("kms", probes.kms_answers),
    ):
        is_up = ask()
        words = "answers" if is_up else "does not answer"
        said[key] = (State.OPERATIONAL if is_up else State.OUTAGE, words, timezone.now())
    said["web"] = (State.DEGRADED, "this page answers; workspaces need the database", timezone.now())
    components = [
        Component(key, name, str(said[key][0]), said[key][1], said[key][2])
        for key, name in COMPONENTS
        if key in said
    ]
    return Status(components=components, probed_at=kept["at"], is_from_directory=False)


def _history(today: date) -> dict[str, dict[date, ComponentDay]]:
    found: dict[str, dict[date, ComponentDay]] = {}
    for row in ComponentDay.objects.filter(day__gt=today - timedelta(days=DAYS)):
        found.setdefault(row.component, {})[row.day] = row
    return found


def _component(
    key: str, name: str, row: ComponentState | None, days: dict[date, ComponentDay], today: date
) -> Component:
    bars = [
        _day(today - timedelta(days=DAYS - 1 - at), at, days.get(today - timedelta(days=DAYS - 1 - at)))
        for at in range(DAYS)
    ]
    return Component(
        key=key,
        name=name,
        state=row.state if row else State.OPERATIONAL.value,
        note=row.note if row else "not probed yet",
        since=row.since if row else None,
        days=bars,
        uptime=uptime(days.values()),
    )


def _day(day: date, at: int, row: ComponentDay | None) -> Day:
    if row is None:
        return Day(day, "none", at * STEP, "")
    share = uptime([row])
    if not row.outage and not row.degraded:
        return Day(day, "good", at * STEP, "")
    tone = "bad" if row.outage * 50 > row.operational else "warn"
    return Day(day, tone, at * STEP, f"{day:%d %B}: {share:.2f} % of probes answered")


def uptime(days: Iterable[ComponentDay]) -> float | None:
    """Percent of probes that were answered, slow ones included; None when there was none."""
    rows = list(days)
    every = sum(row.operational + row.degraded + row.outage for row in rows)
    return 100 * sum(row.operational + row.degraded for row in rows) / every if every else None
