"""What visitors leave: sealed, confirmed by its owner, answered alike for known and unknown addresses."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Role
from tests.accounts.conftest import post, smtp_server
from tests.servers.smtp import Postbox
from tests.world import member, mole, olga
from trust import actions, directory, errands
from trust.models.stated import today

__all__ = ["post", "smtp_server"]
EMPTY = (
    "SET session_replication_role = replica; DELETE FROM public.letters; DELETE FROM public.subscribers;"
    " DELETE FROM public.tellings; DELETE FROM public.dpa_requests; DELETE FROM public.workspace_searches;"
    " DELETE FROM public.sub_processors WHERE NOT is_founding;"
    " DELETE FROM public.changelog_entries WHERE slug LIKE 'test-%%'; DELETE FROM public.incident_updates;"
    " DELETE FROM public.incidents; SET session_replication_role = origin"
)
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def clean(world, superuser):
    cache.clear()
    yield
    superuser.execute(EMPTY.replace("%%", "%"))


@pytest.fixture
def apex() -> Client:
    return Client(HTTP_HOST="localhost:8000")


def the_link(post: Postbox, what: str) -> str:
    found = re.findall(
        rf"http://localhost:8000(/{what}/\S+)", post.messages[-1].get_body(("plain",)).get_content()
    )
    return str(found[-1])


def subscribed(apex: Client, post: Postbox, **wishes: str) -> None:
    apex.post("/subscribe", {"email": ADA, **(wishes or {"changes": "on"})})
    apex.post(the_link(post, "subscribe/confirm"))
    post.messages.clear()


def publish(superuser, kind: str = "product", slug: str = "test-news") -> int:
    (key,) = superuser.execute(
        "INSERT INTO public.changelog_entries (slug, kind, title, body, published_at)"
        " VALUES (%s, %s, 'News of the day', 'It has <changed>.', now()) RETURNING id",
        [slug, kind],
    ).fetchone()
    return int(key)


def test_a_subscription_counts_only_after_its_owner_confirmed_it(apex, post, superuser) -> None:
    answer = apex.post("/subscribe", {"email": "Ada@Example.org", "changes": "on"})
    assert answer.status_code == 302
    link = the_link(post, "subscribe/confirm")

    publish(superuser)
    assert apex.get(link).status_code == 200  # a mail scanner reads it
    errands.run()
    assert len(post.messages) == 1

    assert apex.post(link).status_code == 200
    publish(superuser, slug="test-more")
    errands.run()

    news = post.messages[-1]
    assert len(post.messages) == 2
    assert news["To"] == ADA
    assert news["Subject"] == "News of the day"
    assert "It has &lt;changed&gt;." in news.get_body(("html",)).get_content()


def test_the_address_lies_sealed(apex, post, superuser) -> None:
    subscribed(apex, post)

    rows = superuser.execute("SELECT s::text, encode(sealed, 'escape') FROM public.subscribers s").fetchall()

    assert len(rows) == 1
    assert "example" not in str(rows).lower()


def test_a_letter_is_sent_once(apex, post, superuser) -> None:
    subscribed(apex, post)
    publish(superuser)

    errands.run()
    errands.run()

    assert len(post.messages) == 1


def test_a_letter_waits_while_the_mail_server_is_down(apex, post, superuser) -> None:
    subscribed(apex, post)
    publish(superuser)
    post.refuses = True
    errands.run()
    assert not post.messages

    post.refuses = False
    errands.run()
    assert not post.messages  # not yet due again
    superuser.execute("UPDATE public.letters SET due_at = now()")
    errands.run()

    assert len(post.messages) == 1


def test_a_subscription_ends_by_the_button_of_its_link_and_not_by_reading_it(apex, post, superuser) -> None:
    subscribed(apex, post)
    publish(superuser)
    errands.run()
    link = the_link(post, "unsubscribe")

    assert post.last()["List-Unsubscribe"].strip() == f"<http://localhost:8000{link}>"
    assert post.last()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    apex.get(link)
    assert superuser.execute("SELECT count(*) FROM public.subscribers").fetchone() == (1,)
    assert apex.post(link).status_code == 200

    assert superuser.execute("SELECT count(*) FROM public.subscribers").fetchone() == (0,)
    assert apex.post(link).status_code == 200
    assert apex.post(f"{link}x").status_code == 410


def test_who_wants_incidents_hears_of_incidents_alone(apex, post, superuser) -> None:
    subscribed(apex, post, status="on")
    publish(superuser)
    superuser.execute(
        "WITH made AS (INSERT INTO public.incidents (title, impact, components, started_at)"
        " VALUES ('Slow', 'degraded', '{}', now()) RETURNING id) INSERT INTO public.incident_updates"
        " (incident_id, at, state, text) SELECT id, now(), 'investigating', 'We look.' FROM made"
    )

    errands.run()

    assert [message["Subject"] for message in post.messages] == ["Investigating: Slow"]


def test_asking_again_tells_nobody_that_the_address_is_known(apex, post, superuser) -> None:
    subscribed(apex, post)

    again = apex.post("/subscribe", {"email": ADA, "changes": "on"})

    assert (again.status_code, again["Location"]) == (302, "/subscribe/sent")
    assert not post.messages


def test_a_wish_that_is_not_confirmed_leaves_the_subscription_as_it_is(apex, post, superuser) -> None:
    subscribed(apex, post)
    apex.post("/subscribe", {"email": ADA, "changes": "on", "status": "on"})
    link = the_link(post, "subscribe/confirm")
    count = (
        "SELECT count(*), count(*) FILTER (WHERE wants_status) FROM public.subscribers"
        " WHERE confirmed_at IS NOT NULL"
    )
    assert superuser.execute(count).fetchone() == (1, 0)

    apex.post(link)

    assert superuser.execute(count).fetchone() == (1, 1)


def test_a_link_is_no_longer_valid_after_three_days(apex, post, superuser) -> None:
    apex.post("/subscribe", {"email": ADA, "changes": "on"})
    superuser.execute("UPDATE public.subscribers SET created_at = now() - interval '4 days'")

    assert apex.post(the_link(post, "subscribe/confirm")).status_code == 410


def test_one_address_is_not_flooded(apex, post) -> None:
    for _ in range(5):
        apex.post("/subscribe", {"email": ADA, "changes": "on"})

    assert apex.post("/subscribe", {"email": ADA, "changes": "on"}).status_code == 429


def test_a_form_of_another_site_is_refused(apex) -> None:
    given = {"email": ADA, "changes": "on"}

    assert apex.post("/subscribe", given, HTTP_ORIGIN="https://evil.example").status_code == 403


def test_each_owner_is_told_of_a_change_of_a_sub_processor_once(world, post, superuser) -> None:
    olga(world)
    mole(world)
    member(world.acme, "Eddy", Role.ADMIN)
    publish(superuser)
    publish(superuser, "sub_processor", "test-vendor")

    errands.run()
    errands.run()

    assert sorted(message["To"] for message in post.messages) == ["mole@rival.example", "olga@acme.example"]
    assert {message["Subject"] for message in post.messages} == {"Sub-processors: News of the day"}


def test_owners_are_told_later_when_the_mail_server_is_down(world, post, superuser) -> None:
    olga(world)
    publish(superuser, "sub_processor", "test-vendor")
    post.refuses = True
    errands.run()
    post.refuses = False
    errands.run()
    assert not post.messages

    superuser.execute("UPDATE public.tellings SET at = now() - interval '11 minutes'")
    errands.run()

    assert [message["To"] for message in post.messages] == ["olga@acme.example"]


def test_a_request_for_the_addendum_is_kept_sealed_and_passed_on(apex, post, superuser) -> None:
    given = {"name": "Ada Marsh", "company": "Northwind", "email": ADA, "region": "EU"}

    assert apex.post("/dpa", given)["Location"] == "/dpa/asked"
    kept = superuser.execute("SELECT encode(sealed, 'escape') FROM public.dpa_requests").fetchall()
    errands.run()
    errands.run()

    assert "Northwind" not in str(kept)
    assert [(m["To"], m["Reply-To"]) for m in post.messages] == [("security@paitho.ai", ADA)]
    assert "Northwind" in post.messages[0].get_content()


def test_a_member_is_mailed_the_workspaces_of_the_address(world, apex, post) -> None:
    olga(world)
    member(world.rival, "Ada", Role.MEMBER)

    assert apex.post("/find", {"email": "Olga@Acme.example"})["Location"] == "/find/sent"
    errands.run()

    told = post.messages[-1]
    assert told["To"] == "olga@acme.example"
    assert "http://acme.localhost:8000" in told.get_body(("plain",)).get_content()
    assert "rival" not in told.get_body(("plain",)).get_content()
    assert directory.claim_search() is None


def test_an_address_of_no_member_is_answered_alike_and_gets_no_mail(world, apex, post) -> None:
    answer = apex.post("/find", {"email": "nobody@example.org"})
    errands.run()

    assert answer["Location"] == "/find/sent"
    assert not post.messages


def test_a_search_goes_on_where_it_stopped(world, monkeypatch: pytest.MonkeyPatch, post) -> None:
    olga(world)
    actions.look_for_workspaces("olga@acme.example")
    monkeypatch.setattr(errands, "SEARCH_STEP", 1)
    monkeypatch.setattr(errands, "SEARCH_SECONDS", 0.0001)

    for _ in range(100):  # a step a workspace, and other tests' workspaces count too
        errands.search()

    assert len(post.messages) == 1


@pytest.mark.parametrize(
    ("slug", "words"), [("acme", "Open acme"), ("nobody", "No workspace"), ("../", "No")]
)
def test_a_workspace_is_found_by_its_name(world, apex, slug: str, words: str) -> None:
    page = apex.get("/find/by-name", {"slug": slug}).content.decode()

    assert words in page
    assert ('href="http://acme.localhost:8000"' in page) == (slug == "acme")


def test_what_is_old_is_forgotten(apex, post, superuser) -> None:
    apex.post("/subscribe", {"email": ADA, "changes": "on"})
    apex.post("/dpa", {"name": "A", "company": "B", "email": ADA, "region": "EU"})
    actions.look_for_workspaces(ADA)
    for table in ("subscribers", "dpa_requests", "workspace_searches"):
        superuser.execute(f"UPDATE public.{table} SET created_at = now() - interval '13 months'")

    directory.forget_old()

    for table in ("subscribers", "dpa_requests", "workspace_searches"):
        assert superuser.execute(f"SELECT count(*) FROM public.{table}").fetchone() == (0,)
    assert today()
