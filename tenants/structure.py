"""What the owner's login makes of a workspace in the database: roles, schema, policies, grants.

Every statement may be repeated; `secure` brings a schema to what the trust page says of it, whatever
tables it holds. Tables say by a comment what the application may do with them:
`paitho:append-only` (INSERT of named columns and SELECT) and `paitho:read-only`; without one it is DML.
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
from tenants.logins import CONNECTION_LIMIT, STATEMENT_TIMEOUT
from tenants.workspace import WorkspaceRef

POLICY = "only_this_workspace"
TABLES = """
    SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), c.relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY 1
"""


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
    """Bring policies and grants of every table in the schema to what they should be."""
    schema, app = sql.Identifier(workspace.schema), sql.Identifier(workspace.app_role)
    owner.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(schema))
    owner.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, app))
    for table, comment, is_partition in owner.execute(TABLES, [workspace.schema]).fetchall():
        name = sql.Identifier(workspace.schema, table)
        _protect(owner, workspace, name)
        _grant(owner, app, name, "none" if is_partition else comment)
    owner.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, app))


def _protect(owner: psycopg.Connection[Any], workspace: WorkspaceRef, name: sql.Identifier) -> None:
    # The sub-select makes the test an InitPlan, run once for a query instead of once for a row.
    test = sql.SQL("(SELECT session_user) = {}").format(sql.Literal(workspace.login_role))
    owner.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name))
    owner.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name))
    owner.execute(sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(sql.Identifier(POLICY), name))
    owner.execute(
        sql.SQL("CREATE POLICY {} ON {} USING ({}) WITH CHECK ({})").format(
            sql.Identifier(POLICY), name, test, test
        )
    )


def _grant(owner: psycopg.Connection[Any], app: sql.Identifier, name: sql.Identifier, comment: str) -> None:
    owner.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(name, app))
    if comment == "none":
        return
    rights: sql.Composable
    if comment == "paitho:read-only":
        rights = sql.SQL("SELECT")
    elif comment.startswith("paitho:append-only"):
        columns = [sql.Identifier(part) for part in comment.partition(" ")[2].split(",")]
        rights = sql.SQL("SELECT, INSERT ({})").format(sql.SQL(", ").join(columns))
    else:
        rights = sql.SQL("SELECT, INSERT, UPDATE, DELETE")
    owner.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, name, app))
