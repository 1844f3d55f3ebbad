"""Compares the cluster with what it should be, role by role and schema by schema; repairs nothing.

What differs is a finding: a sentence for the operators, with the workspace it belongs to. The trust page's
hourly posture check reports findings as failed; `manage.py check_drift` lists them. To mend is a decision of
its own: `manage.py check_drift --mend SLUG` brings one workspace's roles and schema to their shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings

from tenants import guard, shape, structure
from tenants.errors import KeysUnavailable
from tenants.logins import CONNECTION_LIMIT, password_of
from tenants.migrating import ALIVE
from tenants.workspace import WorkspaceRef

ROLES = """
    SELECT r.rolname, r.rolcanlogin, r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
           OR r.rolbypassrls OR r.rolinherit, r.rolconnlimit, coalesce(s.setconfig, '{}')
    FROM pg_roles r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
    WHERE r.rolname LIKE 'tenant\\_%'
"""
MEMBERSHIPS = """
    SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), admin_option, inherit_option, set_option
    FROM pg_auth_members
    WHERE pg_get_userbyid(roleid) ~ '^(tenant_|paitho_)' OR pg_get_userbyid(member) ~ '^(tenant_|paitho_)'
"""
IN_A_DATABASE = """
    SELECT pg_get_userbyid(nullif(s.setrole, 0)), coalesce(d.datname, 'every database')
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE s.setdatabase <> 0 OR s.setrole = 0
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'"
CONTROL = """
    SELECT rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
           CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
           CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolreplication THEN 'REPLICATION' END)
    FROM pg_roles WHERE rolname LIKE 'paitho\\_%'
"""
# The pooler's login is made with the cluster (docker-compose.yml), and is not there without it.
MAY = {
    "paitho_owner": "CREATEROLE",
    "paitho_directory": "",
    "paitho_ops": "",
    "paitho_backup": "CREATEDB BYPASSRLS",
    "paitho_pooler": "",
}
FOR_EVERYONE = """
    SELECT 'the database lets PUBLIC ' || a.privilege_type
    FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.datname = current_database() AND a.grantee = 0
    UNION ALL
    SELECT 'the schema public gives ' || coalesce(r.rolname, 'PUBLIC') || ' ' || a.privilege_type
    FROM pg_namespace n, aclexplode(n.nspacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = 'public' AND (a.grantee = 0 OR r.rolname LIKE 'tenant\\_%')
    UNION ALL
    SELECT c.oid::regclass || ' gives ' || coalesce(r.rolname, 'PUBLIC') || ' ' || a.privilege_type
    FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = 'public'::regnamespace AND (a.grantee = 0 OR r.rolname LIKE 'tenant\\_%')
    UNION ALL
    SELECT p.oid::regprocedure || ' can be called by ' || coalesce(r.rolname, 'PUBLIC')
    FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE p.pronamespace = 'public'::regnamespace AND (a.grantee = 0 OR r.rolname LIKE 'tenant\\_%')
    UNION ALL
    SELECT c.oid::regclass || ' belongs to ' || pg_get_userbyid(c.relowner) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND pg_get_userbyid(c.relowner) <> 'paitho_owner'
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """`workspace` is a slug, or empty for what concerns the cluster."""

    workspace: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.workspace or 'cluster'}: {self.sentence}"


def look(owner: psycopg.Connection[Any]) -> list[Finding]:
    """Everything that differs, in the roles, the control plane and every workspace's schema."""
    workspaces = alive(owner)
    found = [Finding("", sentence) for (sentence,) in owner.execute(FOR_EVERYONE).fetchall()]
    found += [Finding("", sentence) for sentence in guard.amiss(owner)]
    found += _control_logins(owner)
    found += _roles(owner, workspaces)
    found += _memberships(owner, workspaces)
    found += _strays(owner)
    for workspace in workspaces:
        said = shape.deviations(owner, workspace)
        found += [Finding(workspace.slug, sentence) for sentence in said]
    return found


def alive(owner: psycopg.Connection[Any]) -> list[WorkspaceRef]:
    rows = owner.execute(
        "SELECT id, slug, region, state, schema_version, plan FROM public.workspaces"
        " WHERE state = ANY (%s) ORDER BY slug",
        [ALIVE],
    ).fetchall()
    return [WorkspaceRef(*row) for row in rows]


def doors(workspaces: Iterable[WorkspaceRef]) -> list[Finding]:
    """The workspaces whose login does not take the password that the directory holds."""
    server, found = settings.DATABASE_SERVER, []
    for workspace in workspaces:
        try:
            psycopg.connect(
                host=server["HOST"],
                port=server["PORT"],
                dbname=server["NAME"],
                user=workspace.login_role,
                password=password_of(workspace).reveal(),
                sslmode=server["OPTIONS"]["sslmode"],
                connect_timeout=10,
            ).close()
        except psycopg.OperationalError:
            found.append(Finding(workspace.slug, f"{workspace.login_role} does not open with its password"))
        except KeysUnavailable as error:
            found.append(Finding(workspace.slug, str(error)))
    return found


def mend(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """Bring one workspace's roles and schema to their shape, as a person asked for."""
    structure.make_roles(owner, workspace, password_of(workspace))
    structure.secure(owner, workspace)


def _control_logins(owner: psycopg.Connection[Any]) -> list[Finding]:
    return [
        Finding("", f"{name} is {held or 'without rights'}, which is not what it should be")
        for name, held in owner.execute(CONTROL).fetchall()
        if MAY.get(name) != held
    ]


def _roles(owner: psycopg.Connection[Any], workspaces: list[WorkspaceRef]) -> list[Finding]:
    roles = {row[0]: row[1:] for row in owner.execute(ROLES).fetchall()}
    found = []
    for workspace in workspaces:
        said = _of_app(roles.pop(workspace.app_role, None), workspace)
        said += _of_login(roles.pop(workspace.login_role, None), workspace)
        found += [Finding(workspace.slug, sentence) for sentence in said]
    unfinished = _names_in_the_making(owner)
    return found + [
        Finding("", f"{name} is nobody's role") for name in sorted(roles) if name not in unfinished
    ]


def _of_app(held: tuple[Any, ...] | None, workspace: WorkspaceRef) -> list[str]:
    if held is None:
        return [f"{workspace.app_role} is missing"]
    can_log_in, is_strong, _, config = held
    wrong = can_log_in or is_strong or config
    return [f"{workspace.app_role} can log in, holds a right or a setting"] if wrong else []


def _of_login(held: tuple[Any, ...] | None, workspace: WorkspaceRef) -> list[str]:
    if held is None:
        return [f"{workspace.login_role} is missing"]
    can_log_in, is_strong, limit, config = held
    said = []
    if not can_log_in or is_strong or limit != CONNECTION_LIMIT:
        said.append(f"{workspace.login_role} cannot log in, holds a right or another connection limit")
    should = {f"{name}={value}" for name, value in structure.role_settings(workspace).items()}
    found = {spelt_as_asked(one) for one in config}
    said += [f"{workspace.login_role} has the setting {one}" for one in sorted(found - should)]
    return said + [f"{workspace.login_role} lacks the setting {one}" for one in sorted(should - found)]


def spelt_as_asked(setting: str) -> str:
    """PostgreSQL keeps a setting's name as it was defined (TimeZone), whatever it was asked with."""
    name, _, value = setting.partition("=")
    return f"{name.lower()}={value}"


def _memberships(owner: psycopg.Connection[Any], workspaces: list[WorkspaceRef]) -> list[Finding]:
    """A login is its own application's member and no other's; the owner administers what it made."""
    rows = set(owner.execute(MEMBERSHIPS).fetchall())
    should = {(w.app_role, w.login_role, False, False, True) for w in workspaces}
    reads = ("pg_read_all_data", "paitho_backup", False, True, True)
    found = [
        Finding("", f"{member} is a member of {role}")
        for role, member, admin, inherits, may_set in sorted(rows - should - {reads})
        if not (member == "paitho_owner" and role.startswith("tenant_") and admin and not inherits | may_set)
        and role not in _names_in_the_making(owner)
    ]
    missing = sorted(should - rows)
    return found + [
        Finding("", f"{login} is not, or not rightly, a member of {app}") for app, login, *_ in missing
    ]


def _strays(owner: psycopg.Connection[Any]) -> list[Finding]:
    """Schemas that no workspace has, and settings for a whole database or for everybody."""
    known = {
        WorkspaceRef(uid, slug, "", "", 0).schema
        for uid, slug in owner.execute("SELECT id, slug FROM public.workspaces").fetchall()
    }
    schemas = {name for (name,) in owner.execute(SCHEMAS).fetchall()}
    found = [Finding("", f"{name} is nobody's schema") for name in sorted(schemas - known)]
    for role, where in owner.execute(IN_A_DATABASE).fetchall():
        found.append(Finding("", f"{role or 'everybody'} has a setting of its own in {where}"))
    return found


def _names_in_the_making(owner: psycopg.Connection[Any]) -> set[str]:
    """Roles of workspaces that are being made or removed: they may be there, in part, or not."""
    rows = owner.execute(
        "SELECT id, slug FROM public.workspaces WHERE NOT state = ANY (%s)", [ALIVE]
    ).fetchall()
    refs = [WorkspaceRef(uid, slug, "", "", 0) for uid, slug in rows]
    return {name for ref in refs for name in (ref.app_role, ref.login_role)}
