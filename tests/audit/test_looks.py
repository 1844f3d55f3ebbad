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
from tests.browser import picture, sideways, violations
from tests.leads.conftest import _server, as_olga
from tests.mail_world import a_lead

__all__ = ["_server", "as_olga"]
pytestmark = pytest.mark.browser
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


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


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_every_page_fits_and_is_accessible(used, as_olga, width, scheme):
    found = {}
    for name, path in PAGES.items():
        page = as_olga(path, width=width, scheme=scheme)
        picture(page, f"audit-{name}-{width}-{scheme}")
        found[name] = (sideways(page), violations(page))
        page.context.close()

    assert found == {name: (0, []) for name in found}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_end_and_its_receipt_fit_and_are_accessible(used, as_olga, width, scheme):
    token = secrets.token_urlsafe(32)
    with bound(used):
        lifecycle.schedule_delete(used.id, asked_by="owner", token_hash=removing.hash_of(token))
    try:
        page = as_olga("/data/keep/", width=width, scheme=scheme)
        picture(page, f"audit-keep-{width}-{scheme}")
        kept = (sideways(page), violations(page))
        page.goto(page.url.replace("acme.", "").partition("/data")[0] + f"/removed/{token}")
        picture(page, f"audit-receipt-{width}-{scheme}")
        receipt = (sideways(page), violations(page))
    finally:
        lifecycle.cancel_delete(used.id)

    assert (kept, receipt) == ((0, []), (0, []))
