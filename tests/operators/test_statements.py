"""What operators state on the public site: each write recorded, the promises kept by the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.operators.client import Console


def events(superuser) -> list[tuple[str, str]]:
    rows = superuser.execute(
        "SELECT event, about FROM public.operations WHERE event LIKE 'site.%' ORDER BY at"
    ).fetchall()
    return [(str(event), str(about)) for event, about in rows]


@pytest.fixture(autouse=True)
def _as_it_was(ada, superuser):
    """Takes out what the test stated: these tables are not the cast's."""
    yield
    superuser.execute(
        "SET session_replication_role = replica;"
        "DELETE FROM public.sub_processors WHERE NOT is_founding;"
        "DELETE FROM public.changelog_entries WHERE slug LIKE 'test-%';"
        "DELETE FROM public.incident_updates; DELETE FROM public.incidents;"
        "DELETE FROM public.maintenance_windows; DELETE FROM public.researchers;"
        "SET session_replication_role = DEFAULT"
    )


def post_entry(console: Console, superuser) -> int:
    now = timezone.now()
    console.post(
        "/trust/entry/add/",
        {
            "slug": "test-new-host", "kind": "sub_processor", "title": "A new host", "body": "It is Hetzner.",
            "published_at_0": f"{now:%Y-%m-%d}", "published_at_1": f"{now:%H:%M:%S}",
        },
    )  # fmt: skip
    ((pk,),) = superuser.execute(
        "SELECT id FROM public.changelog_entries WHERE slug = 'test-new-host'"
    ).fetchall()
    return int(pk)


def sub_processor(entry: int, days: int) -> dict[str, object]:
    return {
        "name": "Hosting", "vendor": "Hetzner", "used_for": "Compute", "note": "EU", "position": 15,
        "effective_on": f"{timezone.now().date() + timedelta(days=days):%Y-%m-%d}", "posted_in": entry,
    }  # fmt: skip


def test_a_sub_processor_takes_thirty_days_notice(console, ada, superuser):
    """Guards the promise: the console cannot announce a change with less."""
    entry = post_entry(console, superuser)

    early = console.post("/trust/subprocessor/add/", sub_processor(entry, 29))
    assert superuser.execute("SELECT count(*) FROM public.sub_processors").fetchone() == (5,)
    assert "takes effect 30 days after it is announced, or later" in early.text
    assert "check constraint" not in early.text
    console.post("/trust/subprocessor/add/", sub_processor(entry, 30))

    assert superuser.execute("SELECT count(*) FROM public.sub_processors").fetchone() == (6,)
    assert events(superuser) == [("site.added", "A new host"), ("site.added", "Hosting: Hetzner")]


def test_what_was_announced_is_not_rewritten(console, ada, superuser):
    entry = post_entry(console, superuser)

    answer = console.post(
        f"/trust/entry/{entry}/change/",
        {"slug": "test-new-host", "kind": "sub_processor", "title": "Another", "body": "Other words."},
    )

    assert "keeps its day" in answer.text or "not rewritten" in answer.text
    assert ("site.changed", "Another") not in events(superuser)
    gone = console.post(f"/trust/entry/{entry}/delete/", {"post": "yes"})
    assert "stays" in gone.text


def test_an_incident_is_opened_told_and_closed(console, ada, superuser):
    updates = {"updates-TOTAL_FORMS": 1, "updates-INITIAL_FORMS": 0, "updates-0-state": "investigating",
               "updates-0-text": "We look into slow sending."}  # fmt: skip
    now = timezone.now()
    answer = console.post(
        "/trust/incident/add/",
        {
            "title": "Slow sending", "impact": "degraded", "components": ["send", "queue"],
            "started_at_0": f"{now:%Y-%m-%d}", "started_at_1": f"{now:%H:%M:%S}", **updates,
        },
    )  # fmt: skip

    assert answer.url.endswith("/trust/incident/"), answer.text
    ((components, text),) = superuser.execute(
        "SELECT i.components, u.text FROM public.incidents i JOIN public.incident_updates u"
        " ON u.incident_id = i.id"
    ).fetchall()
    assert (sorted(components), text) == (["queue", "send"], "We look into slow sending.")
    assert events(superuser) == [("site.added", "Slow sending")]


def test_a_researcher_is_added_changed_and_removed(console, ada, superuser):
    said = {"name": "Grace H.", "found": "An open redirect", "reported_on": "2026-11-01", "url": ""}
    console.post("/trust/researcher/add/", said)
    ((pk,),) = superuser.execute("SELECT id FROM public.researchers").fetchall()
    console.post(f"/trust/researcher/{pk}/change/", {**said, "acknowledged_on": "2026-11-02"})
    console.post(f"/trust/researcher/{pk}/delete/", {"post": "yes"})

    assert [event for event, _ in events(superuser)] == ["site.added", "site.changed", "site.removed"]
    assert superuser.execute("SELECT count(*) FROM public.researchers").fetchone() == (0,)


def test_a_standing_without_an_auditor_is_no_badge(console, ada, superuser):
    ((pk,),) = superuser.execute("SELECT id FROM public.standings WHERE name = 'SOC 2 Type 1'").fetchall()

    console.post(
        f"/trust/standing/{pk}/change/",
        {"name": "SOC 2 Type 1", "state": "attested", "text": "Done.", "checked_on": "2026-11-26",
         "position": 10, "target": "", "attested_by": ""},
    )  # fmt: skip

    assert superuser.execute("SELECT state FROM public.standings WHERE id = %s", [pk]).fetchone() == (
        "in_progress",
    )


@pytest.mark.parametrize(
    "path",
    ["/trust/posturerun/", "/trust/componentstate/", "/operators/operation/", "/operators/operator/",
     "/trust/maintenance/add/", "/trust/subprocessor/1/change/", "/operators/operation/?q=x"],
)  # fmt: skip
def test_the_page_answers(console, ada, path):
    assert console.get(path).status_code == 200


def test_posture_history_is_looked_at_and_not_changed(console, ada, superuser):
    run, result = "00000000-0000-7000-8000-000000000001", "a check"
    superuser.execute(
        "INSERT INTO public.posture_runs (id, version, workspace, started_at, finished_at, proved, failed)"
        " VALUES (%s, '1', '', now(), now(), 0, 1)",
        [run],
    )
    superuser.execute(
        "INSERT INTO public.posture_results (run_id, check_name, outcome, saw, detail, milliseconds)"
        " VALUES (%s, %s, 'failed', 'a table without a policy', 'tenant_acme.leads', 3)",
        [run, result],
    )

    page = console.get(f"/trust/posturerun/{run}/change/").text

    assert "a table without a policy" in page
    assert "tenant_acme.leads" in page
    assert console.post(f"/trust/posturerun/{run}/change/", {"failed": 0}, form="/me/").status_code == 403
    superuser.execute("DELETE FROM public.posture_results; DELETE FROM public.posture_runs")
