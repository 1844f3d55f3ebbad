"""The pages of the log and of the workspace's data: wide and narrow, light and dark, and seen by axe."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.utils import timezone

from audit import removing
from audit.actions import ask_export, record
from audit.actors import Actor
from audit.custody import back_up
from audit.events import Event
from audit.models import Export, ExportState
from audit.retention import retention_slice
from audit.sealing import seal_now
from tenants import lifecycle
from tenants.backup.stores import Directory
from tenants.binding import bound
from tests.browser import WIDTHS, complaints_of_all
from tests.live import as_olga, port
from tests.mail_world import a_lead

__all__ = ["as_olga", "port"]
pytestmark = pytest.mark.browser


@pytest.fixture
def used(world, as_olga, tmp_path):
    """A workspace with a log, backups, and an export in each state."""
    person = as_olga.person
    by = Actor(person.pk, "Olga of Acme", "203.0.113.7")
    with bound(world.acme):
        for number in range(12):
            a_lead(f"p{number}@acme.test")
        record(Event.MAILBOX_CONNECTED, by=by, host="mx.acme.example", port=993)
        record(
            Event.SIGN_IN_FAILED, by=Actor(None, "Someone not signed in", "198.51.100.4"), reason="password"
        )
        record(Event.CAMPAIGN_LAUNCHED, by=by, enrolled=120)
        seal_now()
        now = timezone.now()
        ready = {"place": "/x", "name": "y", "size": 12_345_678, "rows": 65_432, "ready_at": now}
        Export(
            asked_by=person.pk, state=ExportState.READY, expires_at=now + timedelta(days=3), **ready
        ).save()
        Export(asked_by=person.pk, state=ExportState.FAILED, problem="s3://files cannot be reached.").save()
        Export(asked_by=person.pk, state=ExportState.ENDED, rows=100, size=5000).save()
        retention_slice()
        ask_export(by=by)
    back_up(world.acme, Directory(tmp_path))
    return world.acme


PAGES = {"log": "/audit/", "search": "/audit/?text=nobody", "data": "/data/", "delete": "/data/delete/"}


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_is_accessible(used, as_olga, width):
    page = as_olga("/data/", width=width)
    origin = page.url.removesuffix("/data/")
    addresses = {name: origin + path for name, path in PAGES.items()}
    found = complaints_of_all(page, addresses, prefix="audit")

    token = secrets.token_urlsafe(32)
    with bound(used):
        lifecycle.schedule_delete(used.id, asked_by="owner", token_hash=removing.hash_of(token))
    end = {"keep": f"{origin}/data/keep/", "receipt": f"{origin.replace('acme.', '')}/removed/{token}"}
    try:
        found |= complaints_of_all(page, end, prefix="audit")
    finally:
        lifecycle.cancel_delete(used.id)

    assert found == {}
