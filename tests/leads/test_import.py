"""An import from the file to the rows, through the product's own actions."""

from __future__ import annotations

import io

import pytest

from audit.actors import Actor
from leads.actions import dry_run, mapping_of, start, suppress, upload
from leads.models import Import, ImportPart, ImportReject, ImportState, Lead, Reason
from leads.profile import Policy
from leads.sheet import CsvRefused
from tenants.binding import bound
from tests.paths import DATA
from tests.world import work

OLGA = Actor(None, "Olga")
SHEET = b"""E-mail;First name;Company
ada@acme.test;Ada;Engines
bob@acme.test;Bob;Engines
nobody;X;Y
ADA@acme.test;Ada;Twice
"""


def begin(data: bytes, policy: Policy = Policy.SKIP) -> Import:
    job = upload(io.BytesIO(data), "people.csv", len(data), by=OLGA)
    start(job, mapping_of(job), policy, by=OLGA)
    return job


def test_five_hundred_rows_become_five_hundred_leads(world):
    data = (DATA / "us-500.csv").read_bytes()
    with bound(world.acme):
        job = begin(data)
    work()
    with bound(world.acme):
        job.refresh_from_db()
        assert (job.state, job.rows, job.imported, job.rejected) == (ImportState.DONE, 500, 500, 0)
        assert Lead.objects.count() == 500
        assert not ImportPart.objects.exists()
        assert {lead.profile["email"] for lead in Lead.objects.all()[:500]} >= {"jbutt@gmail.com"}
    with bound(world.rival):
        assert Lead.objects.count() == 0


def test_every_row_is_a_lead_or_has_a_reason(world):
    with bound(world.acme):
        suppress("bob@acme.test", Reason.BY_HAND)
        job = begin(SHEET)
    work()
    with bound(world.acme):
        job.refresh_from_db()
        counts = (job.rows, job.imported, job.duplicates, job.suppressed, job.rejected)
        assert counts == (4, 1, 1, 1, 1)
        assert [reject.number for reject in ImportReject.objects.order_by("number")] == [3, 4, 5]


def test_an_import_cannot_lift_a_suppression(world):
    with bound(world.acme):
        begin(SHEET)
    work()
    with bound(world.acme):
        suppress("ada@acme.test", Reason.OPT_OUT)
        begin(SHEET, Policy.OVERWRITE)
    work()
    with bound(world.acme):
        assert Lead.objects.filter(standing="opted_out").count() == 1


def test_a_dry_run_counts_and_writes_nothing(world):
    with bound(world.acme):
        job = upload(io.BytesIO(SHEET), "people.csv", len(SHEET), by=OLGA)
        preview = dry_run(job, mapping_of(job), Policy.SKIP)
        counts = preview.counts
        assert (counts.rows, counts.imported, counts.duplicates, counts.rejected) == (4, 2, 1, 1)
        assert preview.is_whole
        assert [profile.email for profile in preview.leads] == ["ada@acme.test", "bob@acme.test"]
        assert [each.number for each in preview.refused] == [4, 5]
        assert not Lead.objects.exists()


def test_a_refused_file_leaves_nothing_behind(world):
    with bound(world.acme):
        with pytest.raises(CsvRefused):
            upload(io.BytesIO(b"%PDF-1.7 not a sheet"), "leads.csv", 20, by=OLGA)
        assert not Import.objects.exists()
