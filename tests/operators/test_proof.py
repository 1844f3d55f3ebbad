"""Whoever finds a console left open, or takes its cookie, has no second factor: what is hard to undo asks."""

from __future__ import annotations

from html import unescape

import pytest

from tenants import directory
from tests.operators.client import TOKEN, Console, Operator, join
from tests.operators.test_workspaces import do

ASKS = "Is it still you?"
AGED = "UPDATE public.operator_sessions SET proved_at = now() - interval '{}'"


@pytest.fixture
def left_open(ada: Operator, superuser) -> Console:
    """Ada's console, signed in six minutes ago."""
    superuser.execute(AGED.format("6 minutes"))
    return ada.console


def state(superuser) -> list[tuple[object, ...]]:
    """All that the guarded actions could change."""
    return superuser.execute(
        "SELECT slug, state, plan, reason, delete_after FROM public.workspaces UNION ALL"
        " SELECT email, is_active::text, password, totp::text, link_until FROM public.operators UNION ALL"
        " SELECT host, is_primary::text, '', '', NULL FROM public.domains ORDER BY 1, 2"
    ).fetchall()


def events(superuser) -> list[str]:
    return [row[0] for row in superuser.execute("SELECT event FROM public.operations ORDER BY at, id")]


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("suspend", {"reason": "Taken over"}),
        ("delete", {"slug": "acme"}),
        ("plan", {"plan": "team"}),
        ("owner-link", {}),
        ("drop", {"host": "acme.localhost"}),
    ],
)
def test_a_console_left_open_changes_no_workspace(left_open, world, superuser, verb, data):
    before = state(superuser)

    asked = do(left_open, world.acme, verb, **data)

    assert ASKS in asked.text
    assert "no-store" in asked.headers["Cache-Control"]
    guessed = do(left_open, world.acme, verb, **data, **{"proof-code": "000000"})
    assert ASKS in guessed.text
    emptied = do(left_open, world.acme, verb, **data, **{"proof-code": "", "proof-credential": ""})
    assert ASKS in emptied.text
    assert state(superuser) == before
    assert set(events(superuser)) <= {"operator.sign_in_failed"}


@pytest.mark.parametrize(
    ("path", "data", "form"),
    [
        ("/operators/operator/add/", {"name": "Mallory", "email": "mallory@paitho.example"}, None),
        ("/operators/operator/{bob}/invite/", {}, "/me/"),
        ("/operators/operator/{bob}/remove/", {}, "/me/"),
        ("/tenants/workspace/add/", {"slug": "taken-over", "plan": "team"}, None),
        ("/me/password/", {"password": "seven stolen umbrellas"}, "/me/"),
        ("/me/factors/", {"code": "123456"}, "/me/"),
        ("/me/factors/totp/remove/", {}, "/me/"),
    ],
)
def test_a_console_left_open_lets_nobody_in_or_out(left_open, ada, superuser, path, data, form):
    """Guards the ways to stay: a sign-in of one's own, another's link, another password."""
    join(left_open.another(), "bob@paitho.example", "Bob")
    (bob,) = superuser.execute("SELECT id FROM public.operators WHERE email LIKE 'bob%'").fetchone()
    superuser.execute(AGED.format("6 minutes"))
    before = state(superuser)

    answer = left_open.post(path.format(bob=bob), data, form=form)

    assert ASKS in answer.text
    assert state(superuser) == before


def test_the_question_carries_the_form_along_and_a_code_does_it(left_open, ada, world, superuser):
    asked = do(left_open, world.acme, "plan", plan="team")
    assert '<input type="hidden" name="plan" value="team">' in asked.text

    answer = do(left_open, world.acme, "plan", plan="team", **{"proof-code": ada.code()})

    assert "The plan is set." in answer.text
    assert events(superuser) == ["operator.proved_again", "workspace.plan_set"]
    assert "The plan is set." in do(left_open, world.acme, "plan", plan="trial").text


def test_a_code_serves_once_here_too(left_open, ada, world, superuser):
    code = ada.code()
    assert "The plan is set." in do(left_open, world.acme, "plan", plan="team", **{"proof-code": code}).text
    superuser.execute(AGED.format("6 minutes"))

    assert ASKS in do(left_open, world.acme, "plan", plan="trial", **{"proof-code": code}).text
    assert directory.by_slug("acme").plan == "team"
    superuser.execute("UPDATE public.workspaces SET plan = 'trial' WHERE slug = 'acme'")


def test_a_code_of_another_operator_proves_nothing(left_open, world):
    bob = join(left_open.another(), "bob@paitho.example", "Bob")

    assert ASKS in do(left_open, world.acme, "plan", plan="team", **{"proof-code": bob.code()}).text


def test_a_proof_is_the_sessions_not_the_operators(left_open, ada, world, superuser):
    """Ada proves it at her desk; the cookie that was taken from another browser of hers gains nothing."""
    superuser.execute(
        "INSERT INTO public.operator_sessions (id, key_hash, operator_id, sealed, started_at, seen_at,"
        " expires_at, proved_at) SELECT gen_random_uuid(), 'another', operator_id, sealed, started_at,"
        " seen_at, expires_at, now() FROM public.operator_sessions"
    )

    assert ASKS in do(left_open, world.acme, "plan", plan="team").text


def test_guessing_is_slow(left_open, world):
    for _ in range(10):
        do(left_open, world.acme, "plan", plan="team", **{"proof-code": "000000"})

    answer = do(left_open, world.acme, "plan", plan="team", **{"proof-code": "000000"})

    assert "Too many attempts" in answer.text


def test_what_can_be_taken_back_is_not_asked_for(left_open, world):
    assert "Only a suspended workspace" in do(left_open, world.acme, "resume").text
    assert "will look at it" in do(left_open, world.acme, "ring").text


def test_what_is_carried_is_text(left_open, world):
    asked = do(left_open, world.acme, "suspend", reason='"><script>alert(1)</script>')

    assert "<script>alert" not in asked.text
    assert '"><script>alert(1)</script>' in unescape(asked.text)


def test_the_page_for_ones_own_sign_in_proves_and_leads_back(left_open, ada):
    page = left_open.get("/proof/")
    assert ASKS in page.text
    assert TOKEN.search(page.text)

    assert left_open.post("/proof/", {"proof-code": ada.code()}).url.endswith("/me/")
    assert left_open.get("/proof/").url.endswith("/me/")
