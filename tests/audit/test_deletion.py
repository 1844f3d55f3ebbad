"""The end of a workspace: asked for by name, revocable for a fortnight, and a receipt that stays."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Role
from audit.custody import back_up
from audit.events import Event
from audit.models import AuditRow
from tenants import directory
from tenants.backup.stores import Directory
from tenants.binding import bound
from tenants.errors import UnknownWorkspace
from tenants.upkeep import upkeep_slice
from tests.mail_world import a_lead
from tests.world import client_of, make_workspace, member


@pytest.fixture
def doomed(world, superuser):
    slug = "doomed"
    superuser.execute("DELETE FROM public.former_slugs WHERE slug = %s", [slug])
    workspace = make_workspace(slug)
    with bound(workspace):
        a_lead("ada@doomed.test")
    yield workspace
    from tenants.removal import remove

    remove(workspace)


@pytest.fixture
def owner(doomed) -> Client:
    return client_of(doomed, member(doomed, "Olga", Role.OWNER))


def receipt_of(text: str) -> str:
    return re.search(r"http://localhost:8000(/removed/[\w-]+)", text)[1]


def test_a_name_that_is_not_typed_deletes_nothing(doomed, owner):
    page = owner.post("/data/delete/", {"typed": "other"})

    assert b"Type <code>doomed</code>" in page.content
    assert directory.by_slug("doomed").state == "active"


def test_the_page_says_what_goes_and_when_the_last_backup_ends(doomed, owner, tmp_path):
    back_up(doomed, Directory(tmp_path))

    text = owner.get("/data/delete/").content.decode()

    assert "<dt>Leads</dt><dd>1</dd>" in text
    assert "Last backup ends" in text


def test_an_owner_deletes_and_an_owner_keeps(doomed, owner):
    page = owner.post("/data/delete/", {"typed": "doomed"}).content.decode()

    apex = Client(HTTP_HOST="localhost:8000")
    assert "doomed is going" in apex.get(receipt_of(page)).content.decode()
    assert "/removed/" in mail.outbox[-1].body
    assert owner.get("/").status_code == 503
    assert owner.get("/data/keep/").status_code == 200

    owner.post("/data/keep/")

    assert directory.by_slug("doomed").state == "active"
    with bound(directory.by_slug("doomed")):
        events = set(AuditRow.objects.values_list("event", flat=True))
    assert {Event.DELETION_ASKED, Event.DELETION_CANCELLED} <= events
    assert apex.get(receipt_of(page)).status_code == 404


def test_a_member_neither_deletes_nor_keeps(doomed, owner):
    rita = client_of(doomed, member(doomed, "Rita", Role.MEMBER))

    assert rita.post("/data/delete/", {"typed": "doomed"}).status_code == 403
    owner.post("/data/delete/", {"typed": "doomed"})
    assert rita.post("/data/keep/").status_code == 403


def test_after_the_grace_all_is_gone_but_the_receipt(doomed, owner, superuser, tmp_path):
    made = back_up(doomed, Directory(tmp_path))
    page = owner.post("/data/delete/", {"typed": "doomed"}).content.decode()
    superuser.execute("UPDATE public.workspaces SET delete_after = now() WHERE slug = 'doomed'")
    with bound(directory.by_slug("doomed")):
        upkeep_slice()

    with pytest.raises(UnknownWorkspace):
        directory.by_slug("doomed")
    text = Client(HTTP_HOST="localhost:8000").get(receipt_of(page)).content.decode()
    assert "doomed is gone" in text
    assert "<dt>Rows of leads</dt><dd>1</dd>" in text
    assert "Wrapped keys" in text
    assert f"{made.made_at.year}" in text
    assert superuser.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'tenant_doomed'").fetchone() is None


def test_a_made_up_receipt_is_none(world):
    answer = Client(HTTP_HOST="localhost:8000").get("/removed/" + "x" * 43)

    assert answer.status_code == 404
