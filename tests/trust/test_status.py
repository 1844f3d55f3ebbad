"""Status: probes are recorded, the page tells what they found, and it answers while everything is down."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tenants import directory as workspaces
from trust import status
from trust.models import ComponentDay, ComponentState, Incident, IncidentUpdate, Maintenance
from trust.queries import status as queries
from trust.queries.status import uptime
from trust.status import Probe, probe_all, record

EMPTY = (
    "DELETE FROM public.component_states; DELETE FROM public.component_days;"
    " DELETE FROM public.incident_updates; DELETE FROM public.incidents;"
    " DELETE FROM public.maintenance_windows"
)


@pytest.fixture(autouse=True)
def clean(world, superuser):
    cache.clear()
    yield
    superuser.execute(EMPTY)
    cache.clear()


@pytest.fixture
def apex() -> Client:
    return Client(HTTP_HOST=configured.APEX.netloc)


@pytest.fixture
def no_database(settings, monkeypatch: pytest.MonkeyPatch):
    """The directory does not answer: neither to this process's open session nor to a new one."""
    from django.db import connections

    connections["directory"].close()
    for key, value in (("HOST", "127.0.0.1"), ("PORT", "1")):
        monkeypatch.setitem(connections["directory"].settings_dict, key, value)
        monkeypatch.setitem(settings.DATABASES["directory"], key, value)
    yield
    connections["directory"].close()


@pytest.fixture
def hung_database(settings, monkeypatch: pytest.MonkeyPatch):
    """The directory's server takes connections and says nothing: a full disk, a stopped process."""
    from django.db import connections

    with socket.create_server(("127.0.0.1", 0)) as silent:
        connections["directory"].close()
        for key, value in (("HOST", "127.0.0.1"), ("PORT", str(silent.getsockname()[1]))):
            monkeypatch.setitem(connections["directory"].settings_dict, key, value)
            monkeypatch.setitem(settings.DATABASES["directory"], key, value)
        monkeypatch.setattr(queries, "PATIENCE", 0.3)
        yield
        connections["directory"].close()


def beat_all() -> None:
    for queue in status.QUEUES:
        status.beat(queue)


def found() -> dict[str, str]:
    return {probe.component: probe.state for probe in probe_all()}


def test_a_working_system_is_operational_in_every_component(live, apex: Client) -> None:
    beat_all()

    assert set(found().values()) == {"operational"}
    told = apex.get("/status.json").json()

    assert told["state"] == "operational"
    assert told["headline"] == "All systems operational."
    assert {part["uptime_90_days"] for part in told["components"]} == {100.0}
    assert len(told["components"]) == 9


def test_a_queue_that_nobody_serves_degrades_the_workers(live) -> None:
    beat_all()
    cache.delete(status.PULSE.format("llm"))
    assert found()["workers"] == "degraded"

    for queue in status.QUEUES:
        cache.delete(status.PULSE.format(queue))
    assert found()["workers"] == "outage"


@pytest.mark.parametrize(("kind", "component"), [("sync", "sync"), ("send", "send"), ("pipeline", "queue")])
def test_work_that_waits_shows_in_its_component(live, world, kind: str, component: str) -> None:
    workspaces.ring(world.acme.id, kind, timezone.now() - timedelta(minutes=5))
    assert found()[component] == "degraded"

    workspaces.ring(world.acme.id, kind, timezone.now() - timedelta(hours=1))
    assert found()[component] == "outage"


def test_a_site_that_does_not_answer_is_an_outage_of_the_web(settings) -> None:
    settings.ORIGIN = "http://localhost:1"

    assert status.web().state == "outage"


def test_a_key_service_that_does_not_answer_is_an_outage(live, settings) -> None:
    settings.KMS = "local:/proc/nowhere.key"

    assert found()["kms"] == "outage"


def test_since_is_when_the_state_began_and_days_count_probes() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for minute, state in enumerate(["operational", "operational", "outage", "outage", "degraded"]):
        record([Probe("send", state)], noon + timedelta(minutes=minute))

    row, day = ComponentState.objects.get(component="send"), ComponentDay.objects.get(component="send")

    assert (row.state, row.since) == ("degraded", noon + timedelta(minutes=4))
    assert (day.operational, day.degraded, day.outage) == (2, 1, 2)
    assert uptime([day]) == 60


def test_an_outage_of_the_database_is_in_its_history_afterwards(live, request) -> None:
    beat_all()
    request.getfixturevalue("no_database")
    assert {p.component: p.state for p in probe_all()}["database"] == "outage"


def test_what_was_found_while_the_database_was_down_is_written_later(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connections

    directory = connections["directory"]
    port = directory.settings_dict["PORT"]
    directory.close()
    directory.settings_dict["PORT"] = "1"
    try:
        record([Probe("database", "outage")], timezone.now())
    finally:
        directory.close()
        directory.settings_dict["PORT"] = port

    record([Probe("database", "operational")], timezone.now())

    day = ComponentDay.objects.get(component="database")
    assert (day.operational, day.outage) == (1, 1)
    assert ComponentState.objects.get(component="database").state == "operational"


def test_the_page_answers_while_the_database_is_down(live, apex: Client, request) -> None:
    beat_all()
    probe_all()
    request.getfixturevalue("no_database")

    answer = apex.get("/status")
    told = apex.get("/status.json").json()

    assert answer.status_code == 200
    assert "The database does not answer." in answer.content.decode()
    assert {part["key"]: part["state"] for part in told["components"]}["database"] == "outage"
    assert {part["key"]: part["state"] for part in told["components"]}["workers"] == "operational"
    assert apex.get("/status.atom").status_code == 200


def test_the_page_answers_while_everything_is_down(apex: Client, settings, request) -> None:
    request.getfixturevalue("no_database")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    answer = apex.get("/status")
    told = apex.get("/status.json").json()

    assert answer.status_code == 200
    assert {part["key"]: part["state"] for part in told["components"]}["redis"] == "outage"
    assert told["state"] == "outage"


def test_silent_probes_are_not_shown_as_operational(apex: Client) -> None:
    record([Probe("web", "operational")], timezone.now() - timedelta(minutes=30))

    page = apex.get("/status").content.decode()

    assert "No word from the probes." in page
    assert "All systems operational" not in page


def an_incident(superuser, **changes: object) -> Incident:
    """As operators write it; the web's login may not."""
    given = {"title": "Sending is slow", "impact": "degraded", "resolved": None, **changes}
    (key,) = superuser.execute(
        "INSERT INTO public.incidents (title, impact, components, started_at, resolved_at)"
        " VALUES (%s, %s, '{send}', now() - interval '1 hour', %s) RETURNING id",
        [given["title"], given["impact"], given["resolved"]],
    ).fetchone()
    superuser.execute(
        "INSERT INTO public.incident_updates (incident_id, at, state, text)"
        " VALUES (%s, now(), 'investigating', 'We look at <it>.')",
        [key],
    )
    return Incident.objects.get(pk=key)


def test_an_open_incident_stands_on_top_in_every_format(live, apex: Client, superuser) -> None:
    beat_all()
    probe_all()
    an_incident(superuser, impact="outage")

    told = apex.get("/status.json").json()

    assert told["state"] == "outage"
    assert told["incidents"][0]["updates"][0]["text"] == "We look at <it>."
    assert "We look at &lt;it&gt;." in apex.get("/status").content.decode()
    assert "Investigating: Sending is slow" in apex.get("/status.atom").content.decode()


def test_a_resolved_incident_is_in_the_history(live, apex: Client, superuser) -> None:
    beat_all()
    probe_all()
    an_incident(superuser, resolved=timezone.now())

    assert apex.get("/status.json").json()["state"] == "operational"
    assert "Sending is slow" in apex.get("/status").content.decode()
    assert IncidentUpdate.objects.count() == 1


def test_planned_maintenance_is_shown_until_it_ends(apex: Client, superuser) -> None:
    superuser.execute(
        "INSERT INTO public.maintenance_windows (title, text, components, starts_at, ends_at) VALUES"
        " ('A larger disk', 'Pages are away for a minute.', '{}', now() + interval '1 day',"
        " now() + interval '25 hours'), ('Long ago', 'x', '{}', now() - interval '2 days',"
        " now() - interval '1 day')"
    )

    page = apex.get("/status").content.decode()

    assert "A larger disk" in page
    assert "Long ago" not in page
    assert Maintenance.objects.count() == 2


def test_the_page_answers_while_the_database_hangs(live, apex: Client, hung_database) -> None:
    """Guards the patience: libpq's timeouts end only the connecting, and a page would wait for ever."""
    told = apex.get("/status.json").json()

    assert told["state"] == "outage"
    assert {each["key"]: each["state"] for each in told["components"]}["database"] == "outage"
    assert apex.get("/status").status_code == 200
