"""One real cluster per test process, real commits, and an empty world for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, settings

# One browser for the whole process: Playwright runs once in it.
from tests.browser import browser, open_page, page
from tests.environment import TEMPLATE
from tests.template import bring_up

__all__ = ["browser", "open_page", "page"]

IS_COPIED = TEMPLATE in os.environ
# A loaded machine is slow, not wrong.
settings.register_profile("paitho", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paitho")


@pytest.fixture(scope="session")
def superuser(django_db_blocker: pytest.FixtureRequest) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    dsn = os.environ["PAITHO_SUPERUSER_DSN"]
    with psycopg.connect(dsn, dbname="paitho_main", autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def _cluster(django_db_blocker):
    from django.db import connections

    django_db_blocker.unblock()
    if not IS_COPIED:
        bring_up()
    yield
    for alias in ("directory", "owner", "reference"):
        connections[alias].close()
    connections["default"].close_everything()


@pytest.fixture(scope="session")
def _workspaces(_cluster, superuser):
    from tests.world import empty_everything, find_cast, make_cast

    cast = find_cast() if IS_COPIED else make_cast()
    empty_everything(superuser)  # of what their making left: the first test begins as the others
    return cast


@pytest.fixture(scope="module")
def only_the_cast(_workspaces, superuser):
    """No workspace but Acme and Rival: for checks that look at the whole cell."""
    from tenants import directory
    from tenants.removal import remove

    others = superuser.execute("SELECT id FROM public.workspaces WHERE slug NOT IN ('acme', 'rival')")
    for (uid,) in others.fetchall():
        remove(directory.by_id(str(uid)))


@pytest.fixture
def world(_workspaces, superuser):
    """Acme and Rival, empty; whatever the test writes is taken out afterwards."""
    from tests.world import empty_everything

    yield _workspaces
    empty_everything(superuser)
