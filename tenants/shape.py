"""What a workspace's schema must look like, and where the catalog differs: read only, nothing is repaired.

`structure.secure` brings what differs to what it should be; the drift check reports it. Tables say by a
comment what the application may do with them:

    (nothing)                     SELECT, INSERT, UPDATE, DELETE
    paitho:read-only              SELECT
    paitho:append-only a,b,c      SELECT, and INSERT of the named columns

A partition gives the application nothing: it is reached through its parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg

from tenants.workspace import WorkspaceRef

POLICY = "only_this_workspace"
OWNER = "paitho_owner"
READ_ONLY, APPEND_ONLY = "paitho:read-only", "paitho:append-only"
ALL_ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
Grants: TypeAlias = frozenset[tuple[str, str, str]]  # column (or ""), role, privilege

# One pass over the schema's relations: kind, owner, row security, policies, grants on it and on its columns.
# They are found by what depends on the schema, for which there is an index: pg_class has none by schema, and
# with a thousand workspaces holds hundreds of thousands of rows.
RELATIONS = """
    SELECT c.relname, c.relkind::text, c.relispartition,
           coalesce((SELECT description FROM pg_description d
                     WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0), ''),
           pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
           coalesce((SELECT array_agg(concat_ws('|', p.polname, p.polcmd, p.polpermissive, p.polroles,
                                                pg_get_expr(p.polqual, p.polrelid),
                                                pg_get_expr(p.polwithcheck, p.polrelid)))
                     FROM pg_policy p WHERE p.polrelid = c.oid), '{}'),
           coalesce((SELECT array_agg(ARRAY['', coalesce(r.rolname, 'PUBLIC'), a.privilege_type::text])
                     FROM aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                     WHERE a.grantee <> c.relowner), '{}'),
           coalesce((SELECT array_agg(ARRAY[t.attname::text, coalesce(r.rolname, 'PUBLIC'),
                                            a.privilege_type::text])
                     FROM pg_attribute t, aclexplode(t.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                     WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL AND a.grantee <> c.relowner), '{}')
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = to_regnamespace(%s)
      AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
    ORDER BY 1
"""
SCHEMA_GRANTS = """
    SELECT coalesce(r.rolname, 'PUBLIC'), a.privilege_type
    FROM pg_namespace n, aclexplode(n.nspacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = %s AND a.grantee <> n.nspowner
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prorettype = 'trigger'::regtype, pg_get_userbyid(p.proowner),
           coalesce(array_to_string(p.proconfig, '|'), ''),
           coalesce((SELECT array_agg(coalesce(r.rolname, 'PUBLIC'))
                     FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                     LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> p.proowner), '{}')
    FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = to_regnamespace(%s)
      AND d.classid = 'pg_proc'::regclass
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as the catalog has it; `kind` is pg_class.relkind."""

    name: str
    kind: str
    is_partition: bool
    comment: str
    owner: str
    has_policies_on: bool
    has_policies_forced: bool
    policies: tuple[str, ...]
    grants: Grants

    @property
    def is_table(self) -> bool:
        return self.kind in {"r", "p"}


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the schema; what is not a trigger's is there for the application to call."""

    signature: str
    is_trigger: bool
    owner: str
    path: str
    callers: frozenset[str]


def relations(session: psycopg.Connection[Any], schema: str) -> list[Relation]:
    found = []
    for row in session.execute(RELATIONS, [schema]).fetchall():
        grants = frozenset((column, role, right) for column, role, right in [*row[8], *row[9]])
        name, kind, is_partition, comment, owner, is_on, is_forced = row[:7]
        policies = tuple(row[7])
        found.append(Relation(name, kind, is_partition, comment, owner, is_on, is_forced, policies, grants))
    return found


def functions(session: psycopg.Connection[Any], schema: str) -> list[Function]:
    rows = session.execute(FUNCTIONS, [schema]).fetchall()
    return [Function(row[0], row[1], row[2], row[3], frozenset(row[4])) for row in rows]


def path_of(workspace: WorkspaceRef) -> str:
    """Where a function of the schema looks for tables, whoever calls it."""
    return f"search_path={workspace.stem}, pg_temp"


def schema_grants(session: psycopg.Connection[Any], schema: str) -> set[tuple[str, str]]:
    return set(session.execute(SCHEMA_GRANTS, [schema]).fetchall())


def schema_grants_of(workspace: WorkspaceRef) -> set[tuple[str, str]]:
    return {(workspace.app_role, "USAGE")}


def policy_of(workspace: WorkspaceRef) -> str:
    """The one policy, for every command and role, as PostgreSQL 18 prints it; of another spelling we hear."""
    test = f"(( SELECT SESSION_USER AS \"session_user\") = '{workspace.login_role}'::name)"
    return f"{POLICY}|*|t|{{0}}|{test}|{test}"


def grants_of(workspace: WorkspaceRef, relation: Relation) -> Grants:
    app = workspace.app_role
    if relation.kind == "S":
        return frozenset({("", app, "USAGE"), ("", app, "SELECT")})
    if relation.is_partition or not relation.is_table:
        return frozenset()
    if relation.comment == READ_ONLY:
        return frozenset({("", app, "SELECT")})
    if relation.comment.startswith(APPEND_ONLY):
        return frozenset({("", app, "SELECT")} | {(c, app, "INSERT") for c in columns_of(relation)})
    return frozenset(("", app, right) for right in ALL_ROWS)


def columns_of(relation: Relation) -> list[str]:
    """The columns that an append-only table lets the application insert."""
    return [part.strip() for part in relation.comment.removeprefix(APPEND_ONLY).split(",")]


def has_right_policy(workspace: WorkspaceRef, relation: Relation) -> bool:
    return (
        relation.has_policies_on
        and relation.has_policies_forced
        and relation.policies == (policy_of(workspace),)
    )


def deviations(session: psycopg.Connection[Any], workspace: WorkspaceRef) -> list[str]:
    """A sentence for each thing in the schema that is not as it should be."""
    said = _of_the_schema(session, workspace)
    for relation in relations(session, workspace.schema):
        name = f"{workspace.schema}.{relation.name}"
        if relation.owner != OWNER:
            said.append(f"{name} belongs to {relation.owner}")
        if relation.is_table and not has_right_policy(workspace, relation):
            said.append(f"{name}: its row policy is not the workspace's, or not forced")
        for column, role, right in sorted(relation.grants - grants_of(workspace, relation)):
            said.append(f"{name}{'.' if column else ''}{column}: {role} holds {right}")
        for column, role, right in sorted(grants_of(workspace, relation) - relation.grants):
            said.append(f"{name}{'.' if column else ''}{column}: {role} lacks {right}")
    for function in functions(session, workspace.schema):
        if function.owner != OWNER or function.callers - {workspace.app_role}:
            said.append(f"{function.signature} belongs to or is open to someone else")
        if function.path != path_of(workspace):
            said.append(f"{function.signature} looks for tables outside the workspace's schema")
    return said


def _of_the_schema(session: psycopg.Connection[Any], workspace: WorkspaceRef) -> list[str]:
    owner = session.execute(
        "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s", [workspace.schema]
    ).fetchone()
    if owner is None:
        return [f"the schema {workspace.schema} is missing"]
    said = [] if owner == (OWNER,) else [f"{workspace.schema} belongs to {owner[0]}"]
    held, should = schema_grants(session, workspace.schema), schema_grants_of(workspace)
    said += [f"{workspace.schema}: {role} holds {right}" for role, right in sorted(held - should)]
    return said + [f"{workspace.schema}: {role} lacks {right}" for role, right in sorted(should - held)]
