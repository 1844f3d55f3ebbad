"""A workspace's life through the doors: closed, opened, renamed, deleted after a grace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Member, Role
from accounts.tokens import hash_of, new_token
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from tenants import bells, directory, lifecycle, removal, renaming
from tenants.binding import bound
from tenants.errors import KeysUnavailable, UnknownWorkspace
from tenants.lifecycle import IllegalMove, SlugTaken
from tenants.models import State
from tenants.provisioning import reserve
from tenants.removal import remove
from tenants.structure import owner_session
from tenants.workspace import BadSlug, WorkspaceRef
from tests.access_table import a_link
from tests.world import client_of, make_workspace, member, olga, work

RESET = """
    UPDATE public.workspaces
    SET state = 'active', was = '', reason = '', wanted_slug = '', delete_after = NULL WHERE id = '{0}';
    DELETE FROM public.domains WHERE workspace_id = '{0}' AND host <> 'moving.localhost';
    UPDATE public.domains SET kind = 'slug', is_primary = true WHERE workspace_id = '{0}';
    DELETE FROM public.former_slugs;
    DELETE FROM public.removals
"""


@pytest.fixture(scope="module")
def kept():
    """The workspace that is passed from test to test, as long as it lives and keeps its name."""
    held: list[WorkspaceRef] = []
    yield held
    for workspace in held:
        remove(workspace)


@pytest.fixture
def moving(world, kept, superuser):
    """A workspace that a test may move about."""
    if not kept:
        kept.append(make_workspace("moving"))
    made = kept[0]
    yield made
    try:
        now = again(made)
    except UnknownWorkspace:
        kept.clear()
        superuser.execute("DELETE FROM public.former_slugs; DELETE FROM public.removals")
        connections["default"].close_everything()
    else:
        if now.slug != "moving":
            with owner_session() as owner:
                renaming.rename(owner, now, "moving")
        superuser.execute(RESET.format(made.id))


def again(workspace: WorkspaceRef) -> WorkspaceRef:
    return directory.by_id(workspace.id)


def front_page(slug: str):
    return Client(HTTP_HOST=f"{slug}.localhost:8000").get("/")


# --- suspended ---------------------------------------------------------------------------------------


def test_a_suspended_workspace_is_closed_and_says_why(moving):
    lifecycle.suspend(moving.id, reason="The invoice of May is open.")

    answer = front_page("moving")

    assert answer.status_code == 503
    assert b"The invoice of May is open." in answer.content


def test_no_work_is_done_in_a_suspended_workspace_but_what_its_data_is_owed(moving):
    now = timezone.now()
    for kind in ("provision", "send", "sync", "pipeline", "import", "retention", "backup"):
        directory.ring(moving.id, kind, now)
    lifecycle.suspend(moving.id, reason="")

    claimed = directory.claim_bells(64, timedelta(minutes=1), [*settings.WORK, "retention", "backup"])

    kinds = {kind for workspace, kind in claimed if workspace == moving.id}
    assert kinds == {"retention", "backup", "provision"}


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DELETING])
def test_the_worker_refuses_what_the_directory_would_not_hand_out(moving, state):
    assert not bells.is_done_while(state, "send")
    assert bells.is_done_while(state, "retention")


def test_a_resumed_workspace_is_open_again(moving):
    lifecycle.suspend(moving.id, reason="x")
    lifecycle.resume(moving.id)

    assert front_page("moving").status_code == 302


def test_a_move_from_the_wrong_state_is_refused(moving):
    with pytest.raises(IllegalMove):
        lifecycle.resume(moving.id)
    lifecycle.suspend(moving.id, reason="")
    with pytest.raises(IllegalMove):
        lifecycle.suspend(moving.id, reason="")
    with pytest.raises(IllegalMove):
        lifecycle.rename(moving.id, "other")
    with pytest.raises(IllegalMove):
        lifecycle.cancel_delete(moving.id)


@pytest.mark.parametrize("call", ["suspend_workspace(%s, '')", "resume_workspace(%s)"])
def test_the_web_process_can_neither_suspend_nor_resume(moving, call):
    """The login of web and workers holds no EXECUTE on the operators' moves."""
    with pytest.raises(Exception, match="permission denied"):
        directory.rows(f"SELECT public.{call}", [moving.id])


# --- renamed -----------------------------------------------------------------------------------------


def test_a_renamed_workspace_keeps_its_rows_and_its_keys(moving, superuser):
    with bound(moving):
        Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("sk-canary-1")).save()

    lifecycle.rename(moving.id, "moved-on")
    work()

    renamed = again(moving)
    assert renamed.slug == "moved-on"
    with bound(renamed):
        assert Credential.objects.get().secret.reveal() == "sk-canary-1"
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT session_user, current_user, current_setting('search_path')")
            assert cursor.fetchone() == (
                "tenant_moved_on_login",
                "tenant_moved_on_app",
                "tenant_moved_on, pg_temp",
            )
    left = superuser.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant_moving%'"
        " UNION ALL SELECT count(*) FROM pg_namespace WHERE nspname = 'tenant_moving'"
    ).fetchall()
    assert left == [(0,), (0,)]
    policies = superuser.execute(
        "SELECT DISTINCT pg_get_expr(polqual, polrelid) FROM pg_policy p JOIN pg_class c ON c.oid = polrelid"
        " WHERE c.relnamespace = 'tenant_moved_on'::regnamespace"
    ).fetchall()
    assert len(policies) == 1
    assert "tenant_moved_on_login" in policies[0][0]


def test_the_old_host_leads_to_the_new_one_and_sets_no_cookie(moving):
    lifecycle.rename(moving.id, "moved-on")
    work()

    answer = Client(HTTP_HOST="moving.localhost:8000").get("/members/?page=2")

    assert answer.status_code == 302
    assert answer["Location"] == "http://moved-on.localhost:8000/members/?page=2"
    assert not answer.cookies
    assert directory.host_of(again(moving)) == "moved-on.localhost"
    assert front_page("moved-on").status_code == 302


@pytest.mark.parametrize("closed", ["renamed", "suspended", "deleting"])
def test_a_recipient_can_always_refuse_further_mail(moving, closed):
    """A link of a mail that is out in the world is answered on the host it names (RFC 8058: no redirect)."""
    person = member(moving, "O", Role.OWNER)
    with bound(moving):
        url = reverse("campaigns:opt_out", kwargs=a_link(person))
    if closed == "renamed":
        lifecycle.rename(moving.id, "moved-on")
        work()
    elif closed == "suspended":
        lifecycle.suspend(moving.id, reason="")
    else:
        lifecycle.schedule_delete(moving.id, asked_by="owner")

    answer = Client(HTTP_HOST="moving.localhost:8000").get(url)

    assert answer.status_code == 200


def test_a_name_that_was_left_or_asked_for_is_nobody_elses(moving, world):
    lifecycle.rename(moving.id, "moved-on")
    with pytest.raises(SlugTaken):
        lifecycle.rename(world.rival.id, "moved-on")
    work()

    assert not directory.slug_is_free("moving")
    with pytest.raises(SlugTaken):
        lifecycle.rename(world.rival.id, "moving")
    with owner_session() as owner, pytest.raises(BadSlug):
        reserve(owner, "moving", region="eu", host="moving.localhost")
    with pytest.raises(BadSlug):
        lifecycle.rename(moving.id, "www")


def test_a_workspace_may_have_its_old_name_back(moving):
    lifecycle.rename(moving.id, "moved-on")
    work()
    lifecycle.rename(moving.id, "moving")
    work()

    assert again(moving).slug == "moving"
    assert front_page("moving").status_code == 302
    assert front_page("moved-on")["Location"].startswith("http://moving.localhost:8000/")


def test_a_rename_waits_for_work_that_is_under_way(moving):
    directory.ring(moving.id, "send", timezone.now())
    directory.claim_bells(64, timedelta(minutes=1), ["send"])
    lifecycle.rename(moving.id, "moved-on")

    work()

    assert again(moving).slug == "moving"


# --- deleted -----------------------------------------------------------------------------------------


def grace_is_over(superuser, workspace: WorkspaceRef) -> None:
    superuser.execute(
        "UPDATE public.workspaces SET delete_after = now() - interval '1 second' WHERE id = %s",
        [workspace.id],
    )
    directory.ring(workspace.id, "provision", timezone.now())


def test_a_workspace_in_its_grace_is_closed_but_lets_its_people_sign_in(moving):
    lifecycle.schedule_delete(moving.id, asked_by="owner")

    assert front_page("moving").status_code == 503
    assert Client(HTTP_HOST="moving.localhost:8000").get(reverse("account_login")).status_code == 200


def test_nothing_goes_before_the_grace_has_ended(moving):
    with bound(moving):
        Member.objects.create_user("o@moving.example", name="O", role="owner")
    lifecycle.schedule_delete(moving.id, asked_by="owner")
    directory.ring(moving.id, "provision", timezone.now())

    work()

    with bound(again(moving)):
        assert Member.objects.count() == 1


def test_nobody_can_ask_for_a_grace_of_less_than_a_day(moving):
    ends = lifecycle.schedule_delete(moving.id, asked_by="owner", grace=timedelta(0))

    assert ends > timezone.now() + timedelta(hours=23)


@pytest.mark.parametrize("before", [State.ACTIVE, State.SUSPENDED])
def test_a_cancelled_deletion_leads_back_to_where_it_was(moving, before):
    if before == State.SUSPENDED:
        lifecycle.suspend(moving.id, reason="x")
    token, token_hash = new_token()
    lifecycle.schedule_delete(moving.id, asked_by="owner", token_hash=token_hash)

    lifecycle.cancel_delete(moving.id)

    assert again(moving).state == before
    assert lifecycle.receipt(hash_of(token)) is None


def test_when_the_grace_has_ended_nothing_is_left_but_the_receipt(moving, superuser):
    with bound(moving):
        Member.objects.create_user("o@moving.example", name="O", role="owner")
    token, token_hash = new_token()
    lifecycle.schedule_delete(moving.id, asked_by="owner", token_hash=token_hash)
    assert lifecycle.receipt(hash_of(token)).removed_at is None
    grace_is_over(superuser, moving)
    with pytest.raises(IllegalMove):
        lifecycle.cancel_delete(moving.id)

    work()

    with pytest.raises(UnknownWorkspace):
        directory.by_id(moving.id)
    left = superuser.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant_moving%%'"
        " UNION ALL SELECT count(*) FROM pg_namespace WHERE nspname = 'tenant_moving'"
        " UNION ALL SELECT count(*) FROM public.wrapped_keys WHERE workspace_id = %(id)s"
        " UNION ALL SELECT count(*) FROM public.domains WHERE workspace_id = %(id)s",
        {"id": moving.id},
    ).fetchall()
    assert left == [(0,)] * 4
    receipt = lifecycle.receipt(hash_of(token))
    assert (receipt.slug, receipt.asked_by, receipt.rows["members"]) == ("moving", "owner", 1)
    assert receipt.keys >= 3
    assert receipt.removed_at is not None
    assert receipt.backups_gone_by - receipt.removed_at == timedelta(days=settings.BACKUP_DAYS)
    assert not directory.slug_is_free("moving")
    assert front_page("moving").status_code == 404


@pytest.mark.parametrize("step", ["_point_of_no_return", "_finish", "_drop_roles", "_forget"])
def test_a_removal_killed_at_any_step_is_finished_by_the_next(moving, superuser, monkeypatch, step):
    lifecycle.schedule_delete(moving.id, asked_by="operator")
    grace_is_over(superuser, moving)
    real = getattr(removal, step)

    def dies(*args):
        if step != "_finish":
            real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(removal, step, dies)
    with pytest.raises(KeyboardInterrupt):
        removal.remove_due(again(moving))
    monkeypatch.undo()
    superuser.execute("UPDATE public.bells SET claimed_until = NULL, due_at = now()")

    work()

    with pytest.raises(UnknownWorkspace):
        directory.by_id(moving.id)
    found = superuser.execute("SELECT removed_at IS NOT NULL FROM public.removals").fetchall()
    assert found == [(True,)]


def test_a_removed_workspaces_warm_session_reaches_nothing(moving, superuser):
    with bound(moving):
        Member.objects.count()
    lifecycle.schedule_delete(moving.id, asked_by="operator")
    grace_is_over(superuser, moving)

    work()

    with bound(moving), pytest.raises(Exception, match="does not exist"):
        Member.objects.count()
    connections["default"].close_everything()
    with bound(moving), pytest.raises(KeysUnavailable):
        Member.objects.count()


def test_the_owner_of_a_suspended_workspace_cannot_sign_in(moving, world):
    client = client_of(world.acme, olga(world))
    assert client.get("/").status_code == 200
    lifecycle.suspend(world.acme.id, reason="")
    try:
        assert client.get("/").status_code == 503
    finally:
        lifecycle.resume(world.acme.id)
