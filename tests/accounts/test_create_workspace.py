"""`manage.py create_workspace`: a workspace without a mail, and the link that lets its owner in."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Member
from tenants import directory
from tenants.binding import bound
from tests.world import client_of

pytestmark = pytest.mark.usefixtures("world", "made_here")


def test_the_printed_link_lets_the_owner_in():
    told = StringIO()
    call_command("create_workspace", "by-command", owner="Ann@by.example", name="By Command", stdout=told)
    link = told.getvalue().strip()
    assert link.startswith("http://by-command.localhost:8000/welcome/")
    workspace = directory.by_slug("by-command")
    browser = client_of(workspace)
    path = link.removeprefix("http://by-command.localhost:8000")

    entered = browser.post(path, {"name": "Ann", "password": "seven green lanterns"})

    assert entered.url == "/"
    assert b"By Command" in browser.get("/").content
    with bound(workspace):
        assert Member.objects.get().email == "ann@by.example"


@pytest.mark.parametrize(
    ("slug", "owner", "sentence"),
    [
        ("acme", "a@by.example", "belongs to another workspace"),
        ("No", "a@by.example", "3 to 31"),
        ("fine", "nobody", "has an @ in it"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(slug, owner, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("create_workspace", slug, owner=owner)
