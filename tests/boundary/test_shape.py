"""A schema is brought to its shape, and only what differs is touched; what differs is named."""

from __future__ import annotations

import pytest

from tenants import shape, structure
from tenants.structure import owner_session


@pytest.fixture
def owner(world):
    with owner_session() as session:
        yield session


def test_a_provisioned_workspace_has_no_deviation(world, owner):
    assert shape.deviations(owner, world.acme) == []
    assert len(shape.relations(owner, world.acme.schema)) > 40


def test_what_is_right_is_not_touched(world, owner, superuser):
    def policies() -> object:
        return superuser.execute(
            "SELECT array_agg(p.oid ORDER BY p.oid) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
            " WHERE c.relnamespace = 'tenant_acme'::regnamespace"
        ).fetchone()

    before = policies()

    structure.secure(owner, world.acme)

    assert policies() == before


BREAKS = {
    "ALTER TABLE tenant_acme.leads DISABLE ROW LEVEL SECURITY": "leads: its row policy",
    "ALTER TABLE tenant_acme.leads NO FORCE ROW LEVEL SECURITY": "leads: its row policy",
    "CREATE POLICY extra ON tenant_acme.leads USING (true)": "leads: its row policy",
    "DROP POLICY only_this_workspace ON tenant_acme.leads": "leads: its row policy",
    "ALTER POLICY only_this_workspace ON tenant_acme.leads USING (true)": "leads: its row policy",
    "GRANT SELECT ON tenant_acme.leads TO tenant_rival_app": "tenant_rival_app holds SELECT",
    "GRANT SELECT ON tenant_acme.leads TO PUBLIC": "PUBLIC holds SELECT",
    "GRANT TRUNCATE ON tenant_acme.leads TO tenant_acme_app": "tenant_acme_app holds TRUNCATE",
    "GRANT UPDATE (details) ON tenant_acme.audit_log TO tenant_acme_app": "holds UPDATE",
    "REVOKE SELECT ON tenant_acme.leads FROM tenant_acme_app": "tenant_acme_app lacks SELECT",
    "GRANT USAGE ON SCHEMA tenant_acme TO tenant_rival_app": "tenant_rival_app holds USAGE",
    "GRANT CREATE ON SCHEMA tenant_acme TO tenant_acme_app": "tenant_acme_app holds CREATE",
    "CREATE TABLE tenant_acme.planted (id int)": "planted: its row policy",
    "CREATE VIEW tenant_acme.seen AS SELECT 1 AS a; GRANT SELECT ON tenant_acme.seen TO tenant_acme_app": (
        "seen: tenant_acme_app holds SELECT"
    ),
    "CREATE FUNCTION tenant_acme.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    " GRANT EXECUTE ON FUNCTION tenant_acme.f() TO PUBLIC": "f() belongs to or is open",
}


@pytest.mark.parametrize("broken", BREAKS)
def test_each_break_is_named_and_secure_mends_what_it_owns(world, owner, broken):
    with owner.transaction(force_rollback=True):
        owner.execute(broken)

        said = shape.deviations(owner, world.acme)
        structure.secure(owner, world.acme)
        left = shape.deviations(owner, world.acme)

    assert any(BREAKS[broken] in sentence for sentence in said), said
    assert left == []
