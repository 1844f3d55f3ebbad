"""Provisioning: killed after every statement it resumes; two who want one name; names nobody may have."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections

from accounts.models import Member
from accounts.tokens import new_token
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from paitho.lib.ids import uuid7
from tenants import directory, drift
from tenants.binding import bound
from tenants.directory import AskedSignUp
from tenants.models import State, Step
from tenants.provisioning import provision, reserve
from tenants.removal import remove
from tenants.structure import owner_session
from tenants.workspace import RESERVED, BadSlug, WorkspaceRef, check_slug
from tests.world import make_workspace

MOST_STATEMENTS = 200


def die_after(number: int) -> None:
    """From now on this process kills itself after its `number`-th statement on the owner's session."""
    real, seen = psycopg.Connection.execute, [0]

    def execute(self, *args, **kwargs):
        done = real(self, *args, **kwargs)
        if self.info.user == "paitho_owner":
            seen[0] += 1
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return done

    psycopg.Connection.execute = execute


def attempt(uid, number: int) -> bool:
    """Provision in a child that is killed after `number` statements; True when it came through alive."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # The parent's connections are left alone: neither used nor closed.
            for alias in ("directory", "owner", "reference"):
                connections[alias].inherited, connections[alias].connection = (
                    connections[alias].connection,
                    None,
                )
            die_after(number)
            provision(uid)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.waitstatus_to_exitcode(status) == 0
    return True


def columns(superuser: psycopg.Connection, workspace: WorkspaceRef) -> list[tuple[object, ...]]:
    """Everything in the schema, told without its name; the log's months come with its lines."""
    return superuser.execute(
        "SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = %s::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        " AND NOT c.relispartition ORDER BY 1, 2, 3",
        [workspace.schema],
    ).fetchall()


def keys_of(superuser: psycopg.Connection, workspace: WorkspaceRef) -> list[tuple[object, ...]]:
    return superuser.execute(
        "SELECT purpose, version FROM public.wrapped_keys WHERE workspace_id = %s ORDER BY 1, 2",
        [workspace.id],
    ).fetchall()


def test_killed_after_every_statement_it_ends_in_the_same_state(world, superuser):
    with owner_session() as owner:
        uid = reserve(owner, "killed", region="eu", host="killed.localhost")
    try:
        kills = 0
        for number in range(1, MOST_STATEMENTS):
            if attempt(uid, number):
                break
            kills += 1
        made = directory.by_id(uid)

        assert kills > 12
        assert made.state == State.ACTIVE
        assert columns(superuser, made) == columns(superuser, world.acme)
        assert keys_of(superuser, made) == [("data", 1), ("index", 1), ("login", 1)]
        with owner_session() as owner:
            assert drift.look(owner) == []
            assert drift.doors([made]) == []
        with bound(made):
            Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("sk-canary-1")).save()
            assert Credential.objects.get().secret.reveal() == "sk-canary-1"
    finally:
        remove(directory.by_id(uid))


@pytest.mark.parametrize("step", [Step.RESERVED, Step.KEYS, Step.ROLES])
def test_from_each_step_on_its_own_it_goes_on(world, superuser, step):
    """A step says how far an attempt came; the next one looks at what is there, and not at the step."""
    made = make_workspace("stepped")
    try:
        superuser.execute(
            "UPDATE public.workspaces SET state = 'pending', step = %s WHERE id = %s", [step, made.id]
        )
        again = provision(made.id)

        assert again.state == State.ACTIVE
        found = superuser.execute("SELECT step FROM public.workspaces WHERE id = %s", [made.id]).fetchone()
        assert found == (Step.DONE,)
    finally:
        remove(made)


def test_a_workspace_in_the_making_is_open_to_nobody(world, superuser, client):
    with owner_session() as owner:
        uid = reserve(owner, "pending", region="eu", host="pending.localhost")
    try:
        answer = client.get("/", headers={"host": "pending.localhost:8000"})
        assert answer.status_code == 503
    finally:
        remove(directory.by_id(uid))


def asked(slug: str) -> bytes:
    """A sign-up for `slug` that waits to be verified; what is sealed in it does not matter here."""
    _, token_hash = new_token()
    sign_up = AskedSignUp(uuid7(), slug, "eu", b"x", b"x", "local:x", None, None)
    assert directory.begin_sign_up(sign_up, token_hash)
    return token_hash


@contextmanager
def racing(*works):
    """Run the works at the same moment on threads of their own; yields what each answered."""
    start, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(at: int) -> None:
        start.wait()
        try:
            answers[at] = works[at]()
        except BadSlug as error:
            answers[at] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[at]) for at in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield answers


@pytest.mark.parametrize("round_", range(5))
def test_of_two_sign_ups_racing_for_one_name_one_wins(world, superuser, round_):
    """Both were verified at the same moment; the name's unique row decides, and the other is told."""
    hashes = [asked("wanted"), asked("wanted")]
    works = [lambda token=token: directory.verify_sign_up(token, "wanted.localhost") for token in hashes]
    try:
        with racing(*works) as answers:
            assert sorted(answers) == ["taken", "verified"]
        rows = superuser.execute("SELECT count(*) FROM public.workspaces WHERE slug = 'wanted'").fetchone()
        assert rows == (1,)
    finally:
        remove(directory.by_slug("wanted"))


def test_a_sign_up_and_a_rename_racing_for_one_name_have_one_winner(world, superuser):
    from tenants import lifecycle

    token = asked("wanted")

    def rename() -> str:
        try:
            lifecycle.rename(world.rival.id, "wanted")
        except lifecycle.SlugTaken:
            return "taken"
        return "verified"

    try:
        with racing(lambda: directory.verify_sign_up(token, "wanted.localhost"), rename) as answers:
            assert sorted(answers) == ["taken", "verified"]
    finally:
        superuser.execute("UPDATE public.workspaces SET wanted_slug = '' WHERE slug = 'rival'")
        superuser.execute(
            "DELETE FROM public.domains WHERE host = 'wanted.localhost' AND verified_at IS NULL"
        )
        if answers[0] == "verified":
            remove(directory.by_slug("wanted"))


@pytest.mark.parametrize("word", [*sorted(RESERVED)[:5], "paitho-labs"])
def test_reserved_words_name_no_workspace(world, word):
    with owner_session() as owner, pytest.raises(BadSlug):
        reserve(owner, word, region="eu", host=f"{word}.localhost")


@pytest.mark.parametrize(
    "slug",
    ["ab", "a" * 32, "1ab", "-ab", "ab-", "a--b", "Acme", "a_b", "a.b", "a b", "ä-b", "ab\n", "'; --", ""],
)
def test_what_is_no_name_is_refused_in_python_and_in_the_database(world, superuser, slug):
    with pytest.raises(BadSlug):
        check_slug(slug)
    if slug in {"ab-", "a--b"}:  # the database's rule is the wider one
        return
    with pytest.raises(psycopg.Error):
        superuser.execute(
            "INSERT INTO public.workspaces (id, slug, region, state, step, schema_version, plan, problem,"
            " created_at) VALUES (gen_random_uuid(), %s, 'eu', 'pending', 'reserved', 0, '', '', now())",
            [slug],
        )


def test_no_two_slugs_share_a_schema_or_a_role(world):
    """A hyphen becomes an underscore, which no slug has; the endings _app and _login part the roles."""
    slugs = ["acme", "acme-app", "acme-login", "acme-app-login", "acme-login-app"]
    refs = [WorkspaceRef(uuid7(), slug, "eu", "active", 1) for slug in slugs]
    names = [name for ref in refs for name in (ref.app_role, ref.login_role)]

    assert len(set(names)) == len(names)
    assert len({ref.schema for ref in refs}) == len(refs)
    assert all(len(name) <= 63 for name in names)


def test_keys_are_made_once(world, superuser):
    """A second attempt that made new keys would leave what the first one sealed unreadable."""
    from tenants.provisioning import make_keys

    before = superuser.execute("SELECT wrapped FROM public.wrapped_keys ORDER BY id").fetchall()
    with owner_session() as owner:
        make_keys(owner, world.acme)

    assert superuser.execute("SELECT wrapped FROM public.wrapped_keys ORDER BY id").fetchall() == before
    connections["default"].close_everything()
    with bound(world.acme):
        assert Member.objects.count() == 0
