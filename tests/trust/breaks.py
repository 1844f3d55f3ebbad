"""Deliberate breaks of the structure, by the database's superuser: roles, grants, policies, keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

MONTH = f"audit_log_{datetime.now(UTC):%Y%m}"


@dataclass(frozen=True, slots=True)
class Break:
    """`check` must fail after `sql`, and hold again after `repair`; `as_replica` leaves triggers aside."""

    check: str
    sql: str
    repair: str = ""
    as_replica: bool = False


STRUCTURE = [
    Break(
        "no_drift",
        "ALTER ROLE tenant_acme_login CONNECTION LIMIT 7",
        "ALTER ROLE tenant_acme_login CONNECTION LIMIT 100",
    ),
    Break(
        "no_drift",
        "GRANT USAGE ON SCHEMA public TO tenant_rival_app",
        "REVOKE USAGE ON SCHEMA public FROM tenant_rival_app",
    ),
    Break(
        "no_drift",
        "ALTER EVENT TRIGGER paitho_audit_kept DISABLE",
        "ALTER EVENT TRIGGER paitho_audit_kept ENABLE",
    ),
    Break(
        "a_schema_each",
        "ALTER ROLE tenant_acme_login RESET search_path",
        "ALTER ROLE tenant_acme_login SET search_path = tenant_acme, pg_temp",
    ),
    Break(
        "a_schema_each",
        "ALTER ROLE tenant_acme_login SET role = 'tenant_rival_app'",
        "ALTER ROLE tenant_acme_login SET role = 'tenant_acme_app'",
    ),
    Break("a_schema_each", "ALTER ROLE tenant_acme_app LOGIN", "ALTER ROLE tenant_acme_app NOLOGIN"),
    Break(
        "row_security",
        "ALTER TABLE tenant_acme.leads NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE tenant_acme.leads FORCE ROW LEVEL SECURITY",
    ),
    Break(
        "row_security",
        "ALTER TABLE tenant_acme.drafts DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenant_acme.drafts ENABLE ROW LEVEL SECURITY",
    ),
    Break(
        "row_security",
        "CREATE POLICY wide ON tenant_acme.leads USING (true)",
        "DROP POLICY wide ON tenant_acme.leads",
    ),
    Break(
        "row_security",
        "ALTER POLICY only_this_workspace ON tenant_acme.leads"
        " USING ((SELECT session_user) = 'tenant_acme_login' OR true)",
        "ALTER POLICY only_this_workspace ON tenant_acme.leads"
        " USING ((SELECT session_user) = 'tenant_acme_login')",
    ),
    Break(
        "one_role_each",
        "GRANT tenant_rival_app TO tenant_acme_login",
        "REVOKE tenant_rival_app FROM tenant_acme_login",
    ),
    Break(
        "one_role_each", "ALTER ROLE tenant_acme_login BYPASSRLS", "ALTER ROLE tenant_acme_login NOBYPASSRLS"
    ),
    Break(
        "no_other_grants",
        "GRANT SELECT ON tenant_acme.leads TO tenant_rival_app",
        "REVOKE SELECT ON tenant_acme.leads FROM tenant_rival_app",
    ),
    Break(
        "no_other_grants",
        "GRANT SELECT (profile) ON tenant_acme.leads TO PUBLIC",
        "REVOKE SELECT (profile) ON tenant_acme.leads FROM PUBLIC",
    ),
    Break("nothing_shared", "CREATE TABLE public.shared_leads (id int)", "DROP TABLE public.shared_leads"),
    Break(
        "nothing_shared",
        "GRANT USAGE ON SCHEMA public TO tenant_acme_app",
        "REVOKE USAGE ON SCHEMA public FROM tenant_acme_app",
    ),
    Break(
        "crossing_is_refused",
        "GRANT USAGE ON SCHEMA tenant_rival TO tenant_acme_app;"
        " GRANT SELECT ON tenant_rival.leads TO tenant_acme_app",
        "REVOKE SELECT ON tenant_rival.leads FROM tenant_acme_app;"
        " REVOKE USAGE ON SCHEMA tenant_rival FROM tenant_acme_app",
    ),
    Break(
        "crossing_is_refused",
        "GRANT tenant_rival_app TO tenant_acme_login",
        "REVOKE tenant_rival_app FROM tenant_acme_login",
    ),
    Break(
        "closed_when_unbound",
        "GRANT USAGE ON SCHEMA tenant_acme TO paitho_directory",
        "REVOKE USAGE ON SCHEMA tenant_acme FROM paitho_directory",
    ),
    Break(
        "closed_when_unbound",
        "GRANT SELECT ON public.wrapped_keys TO paitho_directory",
        "REVOKE SELECT ON public.wrapped_keys FROM paitho_directory",
    ),
    Break(
        "everything_declared",
        "ALTER TABLE tenant_acme.leads ADD COLUMN shoe_size int",
        "ALTER TABLE tenant_acme.leads DROP COLUMN shoe_size",
    ),
    Break(
        "everything_declared",
        "CREATE TABLE tenant_acme.notes (id int)",
        "DROP TABLE tenant_acme.notes",
    ),
    Break(
        "keys_are_wrapped",
        "CREATE TABLE public.kept_key AS SELECT * FROM public.wrapped_keys WHERE purpose = 'index'"
        " AND workspace_id = (SELECT id FROM public.workspaces WHERE slug = 'acme');"
        "DELETE FROM public.wrapped_keys k USING public.kept_key p WHERE p.id = k.id",
        "INSERT INTO public.wrapped_keys OVERRIDING SYSTEM VALUE SELECT * FROM public.kept_key;"
        "DROP TABLE public.kept_key",
    ),
    Break(
        "keys_are_wrapped",
        "CREATE TABLE public.kept_key AS SELECT * FROM public.wrapped_keys;"
        "UPDATE public.wrapped_keys SET wrapped = 'in clear'::bytea WHERE purpose = 'data'",
        "UPDATE public.wrapped_keys k SET wrapped = p.wrapped FROM public.kept_key p WHERE p.id = k.id;"
        "DROP TABLE public.kept_key",
    ),
    Break(
        "audit_append_only",
        "GRANT UPDATE ON tenant_acme.audit_log TO tenant_acme_app",
        "REVOKE UPDATE ON tenant_acme.audit_log FROM tenant_acme_app",
    ),
    Break(
        "audit_append_only",
        f"ALTER TABLE tenant_acme.{MONTH} DISABLE TRIGGER audit_log_no_truncate",
        f"ALTER TABLE tenant_acme.{MONTH} ENABLE TRIGGER audit_log_no_truncate",
    ),
    Break(
        "audit_append_only",
        "ALTER TABLE tenant_acme.audit_log DISABLE TRIGGER audit_log_no_rewrite",
        "ALTER TABLE tenant_acme.audit_log ENABLE TRIGGER audit_log_no_rewrite",
    ),
]
