"""What the owner's login makes of a workspace in the database: roles, schema, policies, grants.

Every statement may be repeated; `secure` brings a schema to what the trust page says of it, whatever
tables it holds (`tenants.shape` says what that is).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql

from keychain.crypto.secret import Secret
from tenants import shape
from tenants.logins import CONNECTION_LIMIT, STATEMENT_TIMEOUT
from tenants.workspace import WorkspaceRef

POLICY = shape.POLICY


@contextmanager
def owner_session() -> Iterator[psycopg.Connection[Any]]:
    """A session of `paitho_owner`, for the provisioning worker and the structure commands only."""
    if not settings.OWNER_PASSWORD:
        raise ImproperlyConfigured("This process does not hold PAITHO_OWNER_PASSWORD.")
    server = settings.DATABASE_SERVER
    with psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        dbname=server["NAME"],
        user="paitho_owner",
        password=settings.OWNER_PASSWORD,
        sslmode=server["OPTIONS"]["sslmode"],
        connect_timeout=10,
        autocommit=True,
    ) as connection:
        yield connection


def _has_role(owner: psycopg.Connection[Any], role: str) -> bool:
    return owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def make_roles(owner: psycopg.Connection[Any], workspace: WorkspaceRef, password: Secret) -> None:
    """The app role (no login) and the login that becomes it on connect, and no other."""
    app, login = sql.Identifier(workspace.app_role), sql.Identifier(workspace.login_role)
    if not _has_role(owner, workspace.app_role):
        owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(app))
    if not _has_role(owner, workspace.login_role):
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(login))
    # The server is given the SCRAM verifier, so that no log of statements holds the password.
    verifier = owner.pgconn.encrypt_password(
        password.reveal().encode(), workspace.login_role.encode(), b"scram-sha-256"
    ).decode()
    owner.execute(
        sql.SQL("ALTER ROLE {} CONNECTION LIMIT {} PASSWORD {}").format(
            login, sql.Literal(CONNECTION_LIMIT), sql.Literal(verifier)
        )
    )
    owner.execute(sql.SQL("GRANT {} TO {} WITH ADMIN FALSE, INHERIT FALSE, SET TRUE").format(app, login))
    owner.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
            sql.Identifier(settings.DATABASE_SERVER["NAME"]), login
        )
    )
    set_role_settings(owner, workspace)


def set_role_settings(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    login = sql.Identifier(workspace.login_role)
    for name, value in role_settings(workspace).items():
        # search_path is a list of names; quoted as one literal it would be one strange name.
        shown = sql.SQL(value) if name == "search_path" else sql.Literal(value)
        owner.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(login, sql.SQL(name), shown))


def role_settings(workspace: WorkspaceRef) -> dict[str, str]:
    """What the server applies when the workspace's login connects."""
    return {
        "role": workspace.app_role,
        "search_path": f"{workspace.schema}, pg_temp",
        "statement_timeout": STATEMENT_TIMEOUT,
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "120s",
        "timezone": "UTC",
    }


def secure(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> None:
    """Bring policies and grants in the schema to what `shape` says; what is right already is not touched.

    A policy that is replaced locks its table against every reader: so a migration that adds a column to one
    table touches that table, and the application goes on reading the others.
    """
    todo = _entrance(owner, workspace)
    for relation in shape.relations(owner, workspace.schema):
        name = sql.Identifier(workspace.schema, relation.name)
        if relation.is_table and not shape.has_right_policy(workspace, relation):
            todo += _protection(workspace, relation, name)
        if relation.grants != shape.grants_of(workspace, relation):
            todo += _grants(workspace, relation, name)
    for function in shape.functions(owner, workspace.schema):
        todo += _calls(workspace, function)
    if todo:
        owner.execute(sql.SQL("; ").join(todo))


def _entrance(owner: psycopg.Connection[Any], workspace: WorkspaceRef) -> list[sql.Composed]:
    held, should = shape.schema_grants(owner, workspace.schema), shape.schema_grants_of(workspace)
    schema, app = sql.Identifier(workspace.schema), sql.Identifier(workspace.app_role)
    todo = [
        sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(
            schema, sql.SQL("PUBLIC") if role == "PUBLIC" else sql.Identifier(role)
        )
        for role in sorted({role for role, _ in held - should})
    ]
    if held != should:
        todo.append(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, app))
    return todo


def _protection(
    workspace: WorkspaceRef, relation: shape.Relation, name: sql.Identifier
) -> list[sql.Composed]:
    # The sub-select makes the test an InitPlan, run once for a query instead of once for a row.
    test = sql.SQL("(SELECT session_user) = {}").format(sql.Literal(workspace.login_role))
    strangers = {policy.partition("|")[0] for policy in relation.policies} | {shape.POLICY}
    return [
        sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").format(name),
        *(
            sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(sql.Identifier(policy), name)
            for policy in sorted(strangers)
        ),
        sql.SQL("CREATE POLICY {} ON {} USING ({}) WITH CHECK ({})").format(
            sql.Identifier(shape.POLICY), name, test, test
        ),
    ]


def _grants(workspace: WorkspaceRef, relation: shape.Relation, name: sql.Identifier) -> list[sql.Composed]:
    """Take everything from everybody who holds something, then give what the table's comment says."""
    kind = sql.SQL("SEQUENCE" if relation.kind == "S" else "TABLE")
    holders = {role for _, role, _ in relation.grants}
    todo = [
        sql.SQL("REVOKE ALL ON {} {} FROM {}").format(
            kind, name, sql.SQL("PUBLIC") if role == "PUBLIC" else sql.Identifier(role)
        )
        for role in sorted(holders)
    ]
    rights = [
        sql.SQL("{} ({})").format(sql.SQL(right), sql.Identifier(column)) if column else sql.SQL(right)
        for column, _, right in sorted(shape.grants_of(workspace, relation))
    ]
    if rights:
        app = sql.Identifier(workspace.app_role)
        todo.append(sql.SQL("GRANT {} ON {} {} TO {}").format(sql.SQL(", ").join(rights), kind, name, app))
    return todo


def _calls(workspace: WorkspaceRef, function: shape.Function) -> list[sql.Composed]:
    # A signature comes from PostgreSQL, quoted.
    name, app = sql.SQL(function.signature), sql.Identifier(workspace.app_role)
    todo = []
    if function.path != shape.path_of(workspace):
        # Under the name that the schema has in use: one that is restored lies beside it for a while.
        todo.append(
            sql.SQL("ALTER FUNCTION {} SET search_path = {}, pg_temp").format(
                name, sql.Identifier(workspace.stem)
            )
        )
    if function.callers - {workspace.app_role}:
        todo.append(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(name))
    if not function.is_trigger and workspace.app_role not in function.callers:
        todo.append(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(name, app))
    return todo
