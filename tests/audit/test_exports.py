"""The owner's button: made in the background, told by mail, for who asked alone, and gone after a week."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.models import Role
from audit import exporting
from audit.events import Event
from audit.models import AuditRow, Export, ExportState
from audit.retention import retention_slice
from tenants.binding import bound
from tenants.export.bundle import verify
from tests.mail_world import a_lead
from tests.world import client_of, eddy, member, mole, olga, work


@pytest.fixture
def browser(world, settings, tmp_path):
    settings.EXPORTS = str(tmp_path / "exports")
    settings.STATE_DIR = tmp_path
    with bound(world.acme):
        a_lead("canary-4712@acme.test", first_name="Ada")
    return client_of(world.acme, olga(world))


@pytest.fixture
def ready(world, browser) -> Export:
    browser.post("/data/export/")
    work()
    with bound(world.acme):
        return Export.objects.get()


def test_an_owner_asks_and_gets_everything(world, browser, ready, tmp_path):
    assert ready.state == ExportState.READY
    assert mail.outbox[-1].to == ["olga@acme.example"]
    assert "/data/" in mail.outbox[-1].body

    answer = browser.get(f"/data/export/{ready.pk}/file")
    data = b"".join(answer.streaming_content)

    assert int(answer["Content-Length"]) == len(data) == ready.size
    path = tmp_path / "bundle.tar"
    path.write_bytes(data)
    assert verify(path)["leads"] == 1
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert b"canary-4712@acme.test" in tar.extractfile("csv/leads.csv").read()
    with bound(world.acme):
        events = set(AuditRow.objects.values_list("event", flat=True))
    assert {Event.EXPORT_ASKED, Event.EXPORTED, Event.EXPORT_DOWNLOADED} <= events


def test_the_file_is_sealed_while_it_waits(browser, ready, tmp_path):
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert len(files) == 1
    assert b"canary-4712" not in files[0].read_bytes()
    assert b"leads" not in files[0].read_bytes()


def test_the_link_is_worth_nothing_in_another_session(world, browser, ready):
    """Guards the bundle: who has the link has nothing without the session of who asked."""
    url = f"/data/export/{ready.pk}/file"
    other = member(world.acme, "Otto", Role.OWNER)

    assert client_of(world.acme).get(url).status_code == 302
    assert client_of(world.acme, eddy(world)).get(url).status_code == 403
    assert client_of(world.acme, other).get(url).status_code == 410
    assert client_of(world.rival, mole(world)).get(url).status_code == 404


def test_the_link_ends_and_the_file_goes(world, browser, ready, tmp_path):
    in_8_days = datetime.now(UTC) + timedelta(days=8)
    with mock.patch("django.utils.timezone.now", return_value=in_8_days), bound(world.acme):
        assert not Export.objects.filter(pk=ready.pk, expires_at__gt=in_8_days).exists()
        retention_slice()

    with bound(world.acme):
        assert Export.objects.get().state == ExportState.ENDED
        assert Export.objects.get().key is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert browser.get(f"/data/export/{ready.pk}/file").status_code == 410


def test_one_export_at_a_time(world, browser):
    browser.post("/data/export/")
    browser.post("/data/export/")

    with bound(world.acme):
        assert Export.objects.count() == 1


def test_the_page_shows_how_far_it_is(world, browser):
    browser.post("/data/export/")
    with bound(world.acme):
        export = Export.objects.get()
        cache.set(exporting.progress_key(export), (1500, 3000, "leads"), 60)

    page = browser.get("/data/").content.decode()
    row = browser.get(f"/data/export/{export.pk}/").content.decode()

    assert "hx-get" in page
    assert "1,500 of 3,000" in row
    assert "now leads" in row


def test_a_place_that_is_down_is_tried_three_times_and_then_said(world, browser, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.EXPORTS = str(tmp_path / "file")
    browser.post("/data/export/")
    work()

    with bound(world.acme):
        export = Export.objects.get()
    assert (export.state, export.attempts) == (ExportState.FAILED, 3)
    assert "Not a directory" in export.problem
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_second_worker_leaves_the_export_alone(world, browser):
    """Guards the claim: the bell's lease may end while a large export is still being made."""
    browser.post("/data/export/")
    with bound(world.acme):
        export = Export.objects.get()
        cache.add(f"export-lease:{export.pk}", "held", 60)

        again = exporting.export_slice()

        assert again > datetime.now(UTC)
        assert Export.objects.get().state == ExportState.ASKED


def test_an_export_that_kills_its_workers_is_given_up(world, browser):
    """Guards the queue: a worker that is killed leaves no refusal, and would be followed for ever."""
    browser.post("/data/export/")
    with bound(world.acme):
        Export.objects.update(attempts=3, state=ExportState.RUNNING)

        exporting.export_slice()

        assert Export.objects.get().state == ExportState.FAILED
