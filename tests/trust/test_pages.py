"""Every page of the public site in a browser: wide and narrow, light and dark, and what axe finds.

Each is opened watched (`tests.browser`): an error, a failing script or a request to anyone else fails. The
pictures are for people.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import WIDTHS, complaints_of
from trust.posture.run import Report, keep, verify
from trust.status import QUEUES, beat, probe_all

pytestmark = pytest.mark.browser
PAGES = {
    "home": "/",
    "trust": "/trust",
    "manifesto": "/manifesto",
    "changelog": "/changelog",
    "sub-processors": "/sub-processors",
    "security": "/security",
    "dpa": "/dpa",
    "status": "/status",
    "find": "/find",
    "subscribe": "/subscribe",
}
STORY = """
    INSERT INTO public.researchers (name, url, found, reported_on, fixed_on, consented_at)
        VALUES ('Mira Test', 'https://mira.example', 'A way past the limit on invitations',
                current_date - 40, current_date - 35, now());
    INSERT INTO public.incidents (title, impact, components, started_at, resolved_at)
        VALUES ('Sending was slow', 'degraded', '{send}', now() - interval '9 days',
                now() - interval '8 days'),
               ('Reading mail lags behind', 'degraded', '{sync}', now() - interval '1 hour', NULL);
    INSERT INTO public.incident_updates (incident_id, at, state, text)
        SELECT id, started_at + interval '10 minutes', 'investigating', 'We look at it.'
        FROM public.incidents;
    INSERT INTO public.maintenance_windows (title, text, components, starts_at, ends_at)
        VALUES ('A larger disk', 'Pages are away for a minute.', '{web}', now() + interval '3 days',
                now() + interval '3 days 1 hour');
    INSERT INTO public.component_days (component, day, operational, degraded, outage)
        SELECT c, current_date - d, 1440 - 9 * ((d %% 17 = 3)::int), 0,
               CASE WHEN d %% 17 = 3 THEN 9 WHEN d = 41 THEN 300 ELSE 0 END
        FROM unnest(ARRAY['web', 'database', 'send']) c, generate_series(1, 89) d
"""
FORGET = """
    DELETE FROM public.researchers; DELETE FROM public.incident_updates; DELETE FROM public.incidents;
    DELETE FROM public.maintenance_windows; DELETE FROM public.component_days;
    DELETE FROM public.component_states; DELETE FROM public.posture_results; DELETE FROM public.posture_runs
"""


# What stands below something else begins where that ends, within the same column.
OVERLAPS = """
() => {
  const rows = [...document.querySelectorAll(
    ".claims > li, .nots > li, .ledger tbody tr, .stack > *, .chapter"
  )];
  const box = (row) => row.getBoundingClientRect();
  const below = (row) => rows.filter((other) =>
    !row.contains(other) && !other.contains(row) && box(other).left === box(row).left &&
    box(other).top > box(row).top && box(other).top < box(row).bottom - 1);
  return rows.filter((row) => below(row).length).map((row) => row.textContent.trim().slice(0, 60));
}
"""


@pytest.fixture(scope="module")
def results(_workspaces) -> Report:
    """What the checks find: they read the whole cell, and one run is enough to have something to show."""
    return verify()


@pytest.fixture
def told(world, superuser, live, results) -> Iterator[str]:
    """The site with something to tell: incidents, a history, a researcher, and a run of the checks."""
    superuser.execute(STORY.replace("%%", "%"))
    for queue in QUEUES:
        beat(queue)
    probe_all()
    keep(results)
    yield live.apex
    superuser.execute(FORGET)


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_public_page_is_sound(open_page, told: str, width: int) -> None:
    page = open_page(width=width)
    wrong: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        page.goto(told + path)
        wrong[name] = [*page.evaluate(OVERLAPS), *complaints_of(page, f"site-{name}")]

    assert {name: said for name, said in wrong.items() if said} == {}


def test_the_tables_behind_a_category_open_without_scripts(open_page, told: str) -> None:
    page = open_page(scripts=False)
    page.goto(f"{told}/trust")

    page.locator("details.behind summary").first.click()

    assert page.get_by_text("email_index").first.is_visible()
    assert not violations_without_scripts(page)


def violations_without_scripts(page) -> list[str]:
    """What can be said without running anything in the page: each table's columns have heads."""
    heads = page.locator("table.ledger").count()
    return [] if page.locator("table.ledger thead").count() == heads else ["a table without heads"]


def test_the_site_sets_no_cookie_and_stores_nothing(open_page, told: str) -> None:
    page = open_page()
    for path in PAGES.values():
        page.goto(told + path)

    assert page.context.cookies() == []
    assert page.evaluate("sessionStorage.length") == 0
