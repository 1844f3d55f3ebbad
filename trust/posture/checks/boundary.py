"""One schema, one role and one login for each workspace, and no way between two of them."""

from __future__ import annotations

import psycopg
from django.conf import settings
from psycopg import sql

from tenants import structure
from tenants.logins import password_of
from tenants.workspace import WorkspaceRef
from trust import inventory
from trust.posture.kinds import Cell, Finding, check, counted

BOUNDARY = "boundary"
TABLES = """
    SELECT n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity,
           (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
           p.polcmd, p.polpermissive
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s
    WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p')
"""


@check(
    "a_schema_each",
    BOUNDARY,
    "Every workspace has a schema, a role and a login of its own; the server binds them on connect.",
)
def a_schema_each(cell: Cell) -> Finding:
    owners = dict(
        cell.ask(
            "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = ANY (%s)",
            [cell.schemas],
        )
    )
    roles = {
        name: (can_log_in, set(config or []))
        for name, can_log_in, config in cell.ask(
            "SELECT r.rolname, r.rolcanlogin, s.setconfig FROM pg_roles r"
            " LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0"
            " WHERE r.rolname LIKE 'tenant\\_%%'"
        )
    }
    problems = [said for workspace in cell.workspaces for said in _own_roles(workspace, owners, roles)]
    return Finding(counted(len(cell.workspaces), "workspace"), tuple(problems))


def _own_roles(
    workspace: WorkspaceRef, owners: dict[str, str], roles: dict[str, tuple[bool, set[str]]]
) -> list[str]:
    said = []
    if owners.get(workspace.schema) != "paitho_owner":
        said.append(f"{workspace.slug}: its schema is missing, or belongs to someone else.")
    app, login = roles.get(workspace.app_role), roles.get(workspace.login_role)
    if app is None or app[0]:
        said.append(f"{workspace.slug}: its role is missing, or can log in.")
    if login is None or not login[0]:
        return [*said, f"{workspace.slug}: its login is missing."]
    for name, value in structure.role_settings(workspace).items():
        if name in {"role", "search_path"} and f"{name}={value}" not in login[1]:
            said.append(f"{workspace.slug}: the server does not set {name} to {value} on connect.")
    return said


@check(
    "row_security",
    BOUNDARY,
    "Every table of every workspace has row security, enabled and forced, as a second line.",
)
def row_security(cell: Cell) -> Finding:
    found = cell.ask(TABLES, [structure.POLICY, cell.schemas])
    logins = {workspace.schema: workspace.login_role for workspace in cell.workspaces}
    problems = []
    for schema, table, enabled, forced, policies, using, checked, command, permissive in found:
        tests = {as_stored(using), as_stored(checked)}
        is_right = tests == {f"((selectsession_userassession_user)='{logins[schema]}')"}
        if not (enabled and forced and policies == 1 and is_right and command == "*" and permissive):
            problems.append(f"{schema}.{table}: row security is not what it should be.")
    return Finding(counted(len(found), "table"), tuple(problems))


def as_stored(expression: str | None) -> str:
    """A policy's test as the catalog shows it, without spaces, quotes and casts."""
    return "".join((expression or "").split()).replace('"', "").replace("::name", "").lower()


@check(
    "one_role_each",
    BOUNDARY,
    "No login belongs to two workspaces' roles, and none has rights beyond its own.",
)
def one_role_each(cell: Cell) -> Finding:
    grants = cell.ask(
        "SELECT pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), m.admin_option, m.inherit_option"
        " FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname LIKE 'tenant\\_%%' OR pg_get_userbyid(m.roleid) LIKE 'tenant\\_%%'"
    )
    expected = {(workspace.app_role, workspace.login_role) for workspace in cell.workspaces}
    names = {name for pair in expected for name in pair}
    problems = [
        f"{member} is a member of {role}{' and may pass it on' if admin else ''}."
        for role, member, admin, inherits in grants
        if {role, member} & names
        and ((role, member) not in expected or admin or inherits)
        and member != "paitho_owner"  # it made the roles; row security keeps it from their rows
    ]
    strong = cell.ask(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_%%'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit)"
    )
    problems += [f"{name} has rights that no workspace needs." for (name,) in strong if name in names]
    missing = expected - {(role, member) for role, member, _, _ in grants}
    problems += [f"{login} is not a member of {app}." for app, login in sorted(missing)]
    return Finding(counted(len(expected), "login"), tuple(problems))


@check(
    "no_other_grants",
    BOUNDARY,
    "No role but its own was granted anything in a workspace's schema, the application's least of all.",
)
def no_other_grants(cell: Cell) -> Finding:
    own = {workspace.schema: workspace.app_role for workspace in cell.workspaces}
    found = cell.ask(
        "SELECT n.nspname, c.relname, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'PUBLIC')"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a"
        " WHERE n.nspname = ANY (%s)"
        " UNION SELECT n.nspname, '(the schema)', coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'PUBLIC')"
        " FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = ANY (%s)"
        " UNION SELECT n.nspname, c.relname || '.' || t.attname,"
        " coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'PUBLIC')"
        " FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a WHERE n.nspname = ANY (%s)",
        [cell.schemas] * 3,
    )
    problems = [
        f"{schema}.{thing} is open to {grantee}."
        for schema, thing, grantee in found
        if grantee not in {own[schema], "paitho_owner"}
    ]
    return Finding(counted(len(found), "grant"), tuple(problems))


@check(
    "nothing_shared",
    BOUNDARY,
    "No table is shared between workspaces: outside their schemas lies only what the list below names.",
)
def nothing_shared(cell: Cell) -> Finding:
    declared = inventory.directory()
    found = [
        name
        for (name,) in cell.ask(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        )
    ]
    problems = [f"public.{name} is not declared." for name in found if name not in declared]
    reachable = cell.ask(
        "SELECT DISTINCT r.rolname, c.relname FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
        " CROSS JOIN pg_roles r WHERE r.rolname LIKE 'tenant\\_%%' AND c.relkind IN ('r', 'p', 'v', 'm')"
        " AND has_schema_privilege(r.oid, n.oid, 'USAGE')"
    )
    problems += [f"{role} can reach public.{table}." for role, table in reachable[:10]]
    return Finding(
        f"{counted(len(found), 'table')} of the control plane, none for a workspace", tuple(problems)
    )


ATTACKS = (
    "SELECT 1 FROM {other}.leads",
    "SELECT 1 FROM public.workspaces",
    "SELECT 1 FROM public.wrapped_keys",
    "SET ROLE {other_role}",
    "SET ROLE paitho_owner",
    "SET SESSION AUTHORIZATION {other_login}",
    "CREATE TABLE here_i_am (id int)",
    "SELECT pg_read_file('/etc/passwd')",
)


@check(
    "crossing_is_refused",
    BOUNDARY,
    "A session of one workspace that tries to read another is refused by the database.",
)
def crossing_is_refused(cell: Cell) -> Finding:
    tried, problems = 0, []
    for at, workspace in enumerate(cell.sample):
        other = cell.sample[(at + 1) % len(cell.sample)]
        for statement in _attacks(other if other is not workspace else None):
            tried += 1
            if _gets_through(workspace, statement):
                problems.append(f"{workspace.slug}: {statement} was not refused.")
    return Finding(f"{counted(tried, 'attempt')}, each refused" if not problems else "", tuple(problems))


def _attacks(other: WorkspaceRef | None) -> list[str]:
    """The statements to try against `other`; against the reference schema when there is no other."""
    names = {
        "other": other.schema if other else "workspace_reference",
        "other_role": other.app_role if other else "paitho_backup",
        "other_login": other.login_role if other else "paitho_backup",
    }
    return [attack.format(**names) for attack in ATTACKS]


def _gets_through(workspace: WorkspaceRef, statement: str) -> bool:
    server = settings.DATABASE_SERVER
    with psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        dbname=server["NAME"],
        user=workspace.login_role,
        password=password_of(workspace).reveal(),
        sslmode=server["OPTIONS"]["sslmode"],
        connect_timeout=10,
    ) as session:
        try:
            session.execute(sql.SQL(statement))
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            session.rollback()
    return True


@check(
    "closed_when_unbound",
    BOUNDARY,
    "The application's own login opens no workspace: without one bound, there is nothing to ask.",
)
def closed_when_unbound(cell: Cell) -> Finding:
    reach = cell.ask(
        "SELECT r.rolname, n.nspname FROM pg_namespace n CROSS JOIN pg_roles r"
        " WHERE n.nspname = ANY (%s) AND r.rolname IN ('paitho_directory', 'paitho_ops')"
        " AND has_schema_privilege(r.oid, n.oid, 'USAGE')",
        [cell.schemas],
    )
    tables = cell.ask(
        "SELECT r.rolname, c.oid::regclass::text FROM pg_class c CROSS JOIN pg_roles r"
        " WHERE c.relname IN ('workspaces', 'wrapped_keys', 'sign_ups', 'bells')"
        " AND c.relnamespace = 'public'::regnamespace AND r.rolname = 'paitho_directory'"
        " AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
    )
    problems = [f"{role} may enter {schema}." for role, schema in reach]
    problems += [f"{role} may read {table} directly." for role, table in tables]
    return Finding("2 logins of the application, no workspace open to them", tuple(problems))
