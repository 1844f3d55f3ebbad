"""What operators do to workspaces: recorded by us, and told in the workspace's own log."""

from __future__ import annotations

import re
from html import unescape

import pytest

from accounts.models import Member, Role
from audit.events import Event
from audit.models import AuditRow
from tenants import directory
from tenants.binding import bound
from tenants.lifecycle import resume
from tests.accounts.conftest import post, smtp_server
from tests.operators.client import Console
from tests.world import client_of, olga, work

__all__ = ["post", "smtp_server"]


def page_of(workspace) -> str:
    return f"/tenants/workspace/{workspace.id}/change/"


def do(console: Console, workspace, verb: str, **data: str):
    return console.post(f"/tenants/workspace/{workspace.id}/do/{verb}/", data, form=page_of(workspace))


def told(workspace) -> list[dict]:
    """What the workspace's own log says operators did."""
    with bound(workspace):
        rows = AuditRow.objects.filter(event=Event.OPERATED).order_by("at")
        return [{"actor": row.actor, **row.details["data"]} for row in rows]


@pytest.fixture
def open_again(world):
    """Whatever the test did, Acme is open for the next one."""
    yield
    if directory.by_slug("acme").state == "suspended":
        resume(world.acme.id)


@pytest.mark.usefixtures("open_again")
def test_a_suspension_closes_the_workspace_and_stands_in_both_logs(console, ada, world, superuser):
    person = olga(world)

    assert "is suspended" in do(console, world.acme, "suspend", reason="Unpaid since May").text

    assert client_of(world.acme, person).get("/").status_code == 503
    work()
    assert "is open again" in do(console, world.acme, "resume").text
    work()
    assert client_of(world.acme, person).get("/").status_code == 200
    assert told(world.acme) == [
        {"actor": "Ada (Paitho operator)", "did": "workspace.suspended", "reason": "Unpaid since May"},
        {"actor": "Ada (Paitho operator)", "did": "workspace.resumed"},
    ]
    lines = superuser.execute(
        "SELECT event, operator, about, told_at IS NOT NULL FROM public.operations"
        " WHERE workspace_id = %s ORDER BY at",
        [world.acme.id],
    ).fetchall()
    assert lines == [
        ("workspace.suspended", "Ada", "acme", True),
        ("workspace.resumed", "Ada", "acme", True),
    ]
    assert told(world.rival) == []


@pytest.mark.usefixtures("open_again")
def test_a_closed_workspace_is_told_at_once(console, ada, world):
    do(console, world.acme, "suspend", reason="A reason")

    work()

    assert [line["did"] for line in told(directory.by_slug("acme"))] == ["workspace.suspended"]


def test_a_line_is_told_once_whatever_dies(console, ada, world, superuser):
    """Guards the id: the second attempt finds the line the first one wrote."""
    do(console, world.acme, "plan", plan="team")
    work()
    superuser.execute("SET session_replication_role = replica; UPDATE public.operations SET told_at = NULL")
    superuser.execute("SET session_replication_role = DEFAULT")
    superuser.execute("SELECT public.ring(%s, 'operated', now())", [world.acme.id])

    work()

    assert [(line["was"], line["now"]) for line in told(world.acme)] == [("trial", "team")]
    do(console, world.acme, "plan", plan="trial")


def test_a_stale_page_loses_politely(console, ada, world):
    assert "Only a suspended workspace can be resumed." in do(console, world.acme, "resume").text
    assert "Say why" in do(console, world.acme, "suspend", reason=" ").text
    assert "There is no such plan." in do(console, world.acme, "plan", plan="free for ever").text


def test_a_deletion_is_typed_has_a_grace_and_can_be_taken_back(console, ada, world):
    assert "Nothing was done" in do(console, world.acme, "delete", slug="rival").text
    assert directory.by_slug("acme").state == "active"

    assert "when its grace has ended" in do(console, world.acme, "delete", slug="acme").text

    assert directory.by_slug("acme").state == "deleting"
    assert "is kept" in do(console, world.acme, "keep").text
    assert directory.by_slug("acme").state == "active"


def test_the_page_shows_sizes_and_counts_and_no_content(console, ada, world):
    olga(world)

    page = console.get(page_of(world.acme)).text

    assert "Members" in page
    assert "On disk" in page
    for word in ("olga@", "Olga", "Main St"):
        assert word not in page


def test_a_made_workspace_goes_to_whoever_opens_the_link(console, ada, world, superuser, post):
    page = unescape(console.post("/tenants/workspace/add/", {"slug": "from-console", "plan": "team"}).text)
    link = re.search(r"http://from-console\.localhost:8000(/welcome/\S+?)\s*<", page).group(1)
    work()
    made = directory.by_slug("from-console")
    assert (made.state, made.plan) == ("active", "team")
    browser = client_of(made)
    assert b"we confirm your address by mail" in browser.get(link).content

    entered = browser.post(
        link, {"name": "Fay", "email": "fay@walnut.example", "password": "seven green lanterns"}
    )

    assert entered.url == "/confirm-email/" or "confirm" in entered.url
    assert post.last()["To"] == "fay@walnut.example"
    assert browser.get("/").status_code == 302
    with bound(made):
        owner = Member.objects.get()
        assert (owner.email, owner.role) == ("fay@walnut.example", Role.OWNER)
    stored = superuser.execute(
        "SELECT operations::text FROM public.operations UNION ALL SELECT sign_ups::text FROM public.sign_ups"
    ).fetchall()
    assert "fay" not in str(stored)
    assert told(made)[0]["did"] == "workspace.created"
    a_new_link_makes_no_second_owner(console, made)


def a_new_link_makes_no_second_owner(console, made) -> None:
    """Guards the way in: an operator's link is worthless in a workspace that has its owner."""
    page = unescape(do(console, made, "owner-link").text)
    link = re.search(r"localhost:8000(/welcome/\S+?)\s*<", page).group(1)

    answer = client_of(made).post(
        link, {"name": "Mallory", "email": "mallory@paitho.example", "password": "seven green lanterns"}
    )

    assert answer.url == "/sign-in/"
    with bound(made):
        assert [member.name for member in Member.objects.all()] == ["Fay"]


@pytest.mark.parametrize("slug", ["Acme", "ac", "admin", "acme", "a--b"])
def test_a_name_that_cannot_be_is_refused_in_words(console, ada, slug):
    page = console.post("/tenants/workspace/add/", {"slug": slug, "plan": "trial"}).text

    assert "A link for the first owner" not in page


def test_the_lists_answer(console, ada, world):
    for path in (
        "/tenants/workspace/",
        "/tenants/workspace/?q=acme",
        "/tenants/domain/",
        "/tenants/removal/",
    ):
        page = console.get(path)
        assert page.status_code == 200, path
    assert "acme.localhost" in console.get("/tenants/domain/").text


def test_a_slug_with_markup_is_shown_as_text(console, ada):
    page = console.post("/tenants/workspace/add/", {"slug": "<b>x</b>", "plan": "trial"}).text

    assert "<b>x</b>" not in page
