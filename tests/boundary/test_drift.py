"""The drift check names each thing that is not what it was made as, and mends only when asked."""

from __future__ import annotations

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from tenants import drift
from tenants.structure import owner_session

# What a superuser, or a mistake, may have done; the words in which it is named; how it is taken back.
BREAKS = [
    ("GRANT tenant_rival_app TO tenant_acme_login", "tenant_acme_login is a member of tenant_rival_app",
     "REVOKE tenant_rival_app FROM tenant_acme_login"),
    ("GRANT pg_read_all_data TO tenant_acme_app", "tenant_acme_app is a member of pg_read_all_data",
     "REVOKE pg_read_all_data FROM tenant_acme_app"),
    ("GRANT tenant_acme_app TO paitho_directory", "paitho_directory is a member of tenant_acme_app",
     "REVOKE tenant_acme_app FROM paitho_directory"),
    ("GRANT tenant_acme_app TO tenant_acme_login WITH ADMIN TRUE", "tenant_acme_login is",
     "REVOKE ADMIN OPTION FOR tenant_acme_app FROM tenant_acme_login"),
    ("ALTER ROLE tenant_acme_app LOGIN", "tenant_acme_app can log in", "ALTER ROLE tenant_acme_app NOLOGIN"),
    ("ALTER ROLE tenant_acme_login BYPASSRLS", "tenant_acme_login cannot log in, holds a right",
     "ALTER ROLE tenant_acme_login NOBYPASSRLS"),
    ("ALTER ROLE paitho_directory SUPERUSER", "paitho_directory is SUPERUSER",
     "ALTER ROLE paitho_directory NOSUPERUSER"),
    ("CREATE ROLE tenant_ghost_app", "tenant_ghost_app is nobody's role", "DROP ROLE tenant_ghost_app"),
    ("CREATE SCHEMA tenant_ghost", "tenant_ghost is nobody's schema", "DROP SCHEMA tenant_ghost"),
    ("GRANT TEMP ON DATABASE paitho_main TO PUBLIC", "the database lets PUBLIC TEMP",
     "REVOKE TEMP ON DATABASE paitho_main FROM PUBLIC"),
    ("GRANT USAGE ON SCHEMA public TO PUBLIC", "the schema public gives PUBLIC USAGE",
     "REVOKE USAGE ON SCHEMA public FROM PUBLIC"),
    ("GRANT SELECT ON public.workspaces TO tenant_acme_app", "workspaces gives tenant_acme_app SELECT",
     "REVOKE SELECT ON public.workspaces FROM tenant_acme_app"),
    ("GRANT EXECUTE ON FUNCTION public.ring(uuid, text, timestamptz) TO PUBLIC", "can be called by PUBLIC",
     "REVOKE EXECUTE ON FUNCTION public.ring(uuid, text, timestamptz) FROM PUBLIC"),
    ("ALTER TABLE public.domains OWNER TO postgres", "domains belongs to postgres",
     "ALTER TABLE public.domains OWNER TO paitho_owner"),
    ("ALTER TABLE tenant_acme.leads OWNER TO postgres", "tenant_acme.leads belongs to postgres",
     "ALTER TABLE tenant_acme.leads OWNER TO paitho_owner"),
    ("ALTER DATABASE paitho_main SET search_path = tenant_rival", "everybody has a setting of its own",
     "ALTER DATABASE paitho_main RESET search_path"),
]  # fmt: skip


def said() -> list[str]:
    with owner_session() as owner:
        return [str(finding) for finding in drift.look(owner)]


def test_a_sound_cluster_has_no_finding(world):
    assert said() == []


@pytest.mark.parametrize(("broken", "words", "repair"), BREAKS, ids=[broken for broken, _, _ in BREAKS])
def test_each_break_is_named_and_not_mended(world, superuser: psycopg.Connection, broken, words, repair):
    superuser.execute(broken)
    try:
        first, second = said(), said()
    finally:
        superuser.execute(repair)

    assert any(words in sentence for sentence in first), first
    assert second == first
    assert said() == []


def test_the_command_names_the_findings_and_mends_one_workspace_when_asked(world, superuser):
    superuser.execute("ALTER ROLE tenant_acme_login CONNECTION LIMIT 7")
    superuser.execute("GRANT SELECT ON tenant_acme.leads TO tenant_rival_app")
    shown, complained = StringIO(), StringIO()

    with pytest.raises(SystemExit):
        call_command("check_drift", stdout=shown, stderr=complained)
    call_command("check_drift", mend="acme", doors=True, stdout=shown, stderr=complained)

    assert "2 findings" in shown.getvalue()
    assert "acme: tenant_acme.leads: tenant_rival_app holds SELECT" in complained.getvalue()
    assert shown.getvalue().endswith("Everything is as it should be.\n")
