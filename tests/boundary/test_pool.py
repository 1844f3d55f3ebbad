"""Warm sessions: shared by a process's threads, one workspace's each, bounded, never a forked child's."""

from __future__ import annotations

import os
import threading

import pytest
from django.db import ProgrammingError, connections, transaction

from accounts.models import Member
from tenants.backend.pool import POOL
from tenants.binding import bound
from tests.world import mole, olga


@pytest.fixture(autouse=True)
def afresh(world):
    connections["default"].close_everything()
    yield
    connections["default"].close_everything()


def backend_pid() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def elsewhere(work) -> object:
    """What `work` answers on another thread."""
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    thread.join()
    return answers[0]


def test_another_thread_takes_the_session_that_lies_there(world):
    with bound(world.acme):
        mine = backend_pid()

    def there() -> int:
        with bound(world.acme):
            return backend_pid()

    assert elsewhere(there) == mine


def test_a_session_is_never_another_workspaces(world):
    olga(world)
    mole(world)

    def there() -> list[str]:
        with bound(world.rival):
            return [member.name for member in Member.objects.all()]

    with bound(world.acme):
        mine = backend_pid()
    with bound(world.rival):
        assert backend_pid() != mine
    assert elsewhere(there) == ["Mole"]


def test_a_transaction_on_a_session_taken_over_is_one(world):
    """A thread that never connected takes over what another opened: without its autocommit, atomic() lies."""
    with bound(world.acme):
        backend_pid()

    def there() -> int:
        with bound(world.acme):
            assert connections["default"].get_autocommit()
            with transaction.atomic():
                Member.objects.create_user("x@acme.example", name="X", role="member")
                transaction.set_rollback(True)
            return Member.objects.count()

    assert elsewhere(there) == 0


def test_two_threads_in_one_workspace_have_a_session_each(world):
    def there() -> int:
        with bound(world.acme):
            return backend_pid()

    with bound(world.acme):
        mine = backend_pid()
        assert elsewhere(there) != mine


def test_no_more_sessions_lie_open_than_allowed(world, settings):
    settings.WARM_SESSIONS = 1
    with bound(world.acme):
        backend_pid()
    with bound(world.rival):
        backend_pid()

    assert len(POOL) == 1
    with bound(world.rival):
        backend_pid()
        assert len(POOL) == 0


def test_a_session_on_which_something_failed_is_not_laid_aside(world):
    """Django tries such a connection out before it uses it again; a warm one would not be."""
    with bound(world.acme), connections["default"].cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute("SELECT no_such_column")

    assert len(POOL) == 0


def test_a_session_that_the_server_ended_is_replaced(world, superuser, monkeypatch):
    monkeypatch.setattr("tenants.backend.pool.IDLE_CHECK", 0.0)
    with bound(world.acme):
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [backend_pid()])
        connections["default"].close_if_unusable_or_obsolete()
    with bound(world.acme):
        mine = backend_pid()
    superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])

    with bound(world.acme):
        assert backend_pid() != mine


def test_a_forked_child_starts_with_none_and_leaves_the_parents_alone(world):
    with bound(world.acme):
        mine = backend_pid()
    child = os.fork()
    if child == 0:
        os._exit(len(POOL))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    with bound(world.acme):
        assert backend_pid() == mine
