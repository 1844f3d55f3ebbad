"""The audit page and its file: newest first, filtered, paged by place, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from audit.queries import Cursor, Filter, every, page
from tenants.binding import bound
from tests.world import client_of, eddy, mole, olga

BY = Actor(None, "=HYPERLINK(1)", "203.0.113.7")


@pytest.fixture
def written(world) -> list[AuditRow]:
    """120 lines in Acme, three to a moment, newest last."""
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with bound(world.acme):
        rows = [
            AuditRow(
                event=Event.SIGNED_IN if number % 2 else Event.LEADS_IMPORTED,
                at=start + timedelta(hours=number // 3),
                details={"actor": f"Clerk no. {number:03}", "ip": "", "about": "", "data": {}},
            )
            for number in range(120)
        ]
        for row in rows:
            row.save(force_insert=True)
    return rows


def test_pages_follow_each_other_without_gap_or_repetition(world, written):
    with bound(world.acme):
        seen, cursor = [], None
        while True:
            found = page(Filter(), cursor, size=7)
            seen += found.rows
            cursor = found.next
            if cursor is None:
                break

    assert len(seen) == 120
    assert len({row.pk for row in seen}) == 120
    assert [row.at for row in seen] == sorted((row.at for row in written), reverse=True)


def test_what_is_written_meanwhile_shifts_no_page(world, written):
    with bound(world.acme):
        first = page(Filter(), None, size=50)
        record(Event.SIGNED_IN, by=BY)
        second = page(Filter(), first.next, size=50)

    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


def test_the_page_filters_and_leads_on(world, written):
    browser = client_of(world.acme, eddy(world))

    answer = browser.get("/audit/", {"event": Event.SIGNED_IN, "since": "2026-11-21", "until": "2026-11-21"})

    shown = answer.context["page"]
    assert {row.event for row in shown.rows} == {Event.SIGNED_IN}
    assert {row.at.date().isoformat() for row in shown.rows} == {"2026-11-21"}
    older = browser.get("/audit/").context["page"].next
    assert browser.get("/audit/", {"after": str(older)}).context["page"].rows[0].at <= older.at


@pytest.mark.parametrize("after", ["nonsense", "2026~x", "~", "2026-11-21T00:00:00~" + "0" * 32])
def test_a_made_up_place_is_no_error(world, written, after):
    browser = client_of(world.acme, eddy(world))

    answer = browser.get("/audit/", {"after": after, "event": "'--", "since": "never", "actor": "x"})

    assert answer.status_code == 200


def test_details_are_opened_on_the_page(world):
    browser = client_of(world.acme, olga(world))
    with bound(world.acme):
        record(Event.MAILBOX_CONNECTED, by=Actor(None, "<b>Olga</b>", "203.0.113.7"), host="mx.acme.example")

    text = browser.get("/audit/").content.decode()

    assert "&lt;b&gt;Olga&lt;/b&gt;" in text
    assert "203.0.113.7" in text
    assert "Host: mx.acme.example" in text


def test_the_file_holds_every_line_and_no_formula(world, written):
    browser = client_of(world.acme, olga(world))
    with bound(world.acme):
        record(Event.SIGN_IN_FAILED, by=BY, reason="wrong password")

    answer = browser.get("/audit.csv")
    text = b"".join(answer.streaming_content).decode()
    table = list(csv.DictReader(io.StringIO(text)))

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-acme-')
    assert len(table) == 121
    newest = next(line for line in table if line["event"] == Event.SIGN_IN_FAILED)
    assert newest["actor"] == "'=HYPERLINK(1)"
    assert newest["data"] == '{"reason": "wrong password"}'


def test_the_file_follows_the_filter(world, written):
    browser = client_of(world.acme, olga(world))

    answer = browser.get("/audit.csv", {"event": Event.LEADS_IMPORTED})

    assert b"".join(answer.streaming_content).count(b"leads.imported") == 60


def test_the_mole_downloads_his_own_log_only(world, written):
    browser = client_of(world.rival, mole(world))

    assert b"Clerk no." not in b"".join(browser.get("/audit.csv").streaming_content)
    assert b"Clerk no." not in browser.get("/audit/").content


def test_reading_in_batches_is_flat(world, written, django_assert_num_queries):
    with bound(world.acme), django_assert_num_queries(1, using="default"):
        assert len(list(every(Filter()))) == 120


def test_a_cursor_survives_its_text():
    cursor = Cursor(datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC), olga_id)
    assert Cursor.parse(str(cursor)) == cursor


olga_id = AuditRow().pk


def test_words_are_found_in_what_is_sealed(world, written):
    browser = client_of(world.acme, eddy(world))
    with bound(world.acme):
        record(Event.MAILBOX_CONNECTED, by=Actor(None, "Zoë", "198.51.100.9"), host="mx.zenith.example")

    def found(text: str) -> list[str]:
        return [row.actor for row in browser.get("/audit/", {"text": text}).context["page"].rows]

    assert found("zoë") == found("198.51.100.9") == found("zenith MX") == ["Zoë"]
    assert found("nobody here") == []
    assert len(found("clerk")) == 50


def test_a_long_search_goes_on_where_it_stopped(world, written, monkeypatch):
    monkeypatch.setattr("audit.queries.BATCH", 10)
    monkeypatch.setattr("audit.queries.SCANNED", 30)
    browser = client_of(world.acme, eddy(world))
    oldest = "Clerk no. 000"

    wanted = {"text": oldest, "event": Event.LEADS_IMPORTED}
    first = browser.get("/audit/", wanted).context["page"]
    second = browser.get("/audit/", {**wanted, "after": str(first.next)}).context["page"]

    assert first.rows == []
    assert [row.actor for row in second.rows] == [oldest]


def test_the_seals_are_a_file_without_anything_personal(world, written):
    browser = client_of(world.acme, olga(world))
    with bound(world.acme):
        from audit.sealing import seal_now

        seal_now()

    told = browser.get("/audit/seals.json").json()

    assert told["seals"][0]["number"] == 1
    assert "Clerk" not in str(told)
    assert "Sealed in" in browser.get("/audit/").content.decode()
