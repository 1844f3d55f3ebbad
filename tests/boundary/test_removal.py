"""A removed workspace leaves nothing: no schema, no role, no key, no host."""

from __future__ import annotations

import pytest

from tenants import directory
from tenants.binding import bound
from tenants.errors import KeysUnavailable, UnknownWorkspace
from tenants.removal import remove
from tests.world import make_workspace


def test_a_removed_workspace_leaves_nothing(world, superuser):
    gone = make_workspace("gone")
    with bound(gone):
        from accounts.models import Member

        Member.objects.count()

    remove(gone)

    with pytest.raises(UnknownWorkspace):
        directory.by_slug("gone")
    with pytest.raises(UnknownWorkspace):
        directory.by_host("gone.localhost")
    assert superuser.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant_gone%'"
    ).fetchone() == (0,)
    assert superuser.execute(
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'tenant_gone'"
    ).fetchone() == (0,)
    from django.db import connections

    connections["default"].close_everything()
    with bound(gone), pytest.raises(KeysUnavailable):
        Member.objects.count()


def test_a_removal_may_be_repeated(world):
    gone = make_workspace("gone-2")

    remove(gone)
    remove(gone)

    again = make_workspace("gone-2")
    assert again.state == "active"
    remove(again)
