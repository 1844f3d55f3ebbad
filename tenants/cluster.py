"""What the database superuser sets up once per cluster: the control plane's logins and the database.

Run by `manage.py bootstrap_cluster` with PAITHO_SUPERUSER_DSN; every statement may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from keychain.crypto.secret import Secret
from tenants import guard

# What PUBLIC may do by PostgreSQL's defaults and no workspace's session needs: code of its own, large
# objects, locks that others wait for, a look at other sessions, and how much is in other workspaces' tables.
REVOKED = """
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE SELECT ON pg_stat_activity, pg_roles, pg_user, pg_shadow, pg_group, pg_locks, pg_prepared_xacts,
    pg_stat_replication, pg_stat_ssl, pg_stat_gssapi, pg_stats_ext, pg_stats_ext_exprs, pg_sequences,
    pg_db_role_setting, pg_class FROM PUBLIC;
DO $$
DECLARE routine regprocedure; counted regclass; named text;
BEGIN
    FOR counted IN
        SELECT c.oid::regclass FROM pg_class c
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v' AND c.relname ~ '^pg_statio?_'
    LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM PUBLIC', counted);
        EXECUTE format('GRANT SELECT ON %s TO paitho_owner, paitho_ops, paitho_backup', counted);
    END LOOP;
    -- Everything in pg_class but what counts rows and pages; that drivers and tools go on working.
    SELECT string_agg(quote_ident(a.attname), ', ') INTO named FROM pg_attribute a
    WHERE a.attrelid = 'pg_class'::regclass AND a.attname !~ '^(reltuples|relpages|relall.*)$'
      AND NOT a.attisdropped;
    EXECUTE format('GRANT SELECT (%s) ON pg_class TO PUBLIC', named);
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname LIKE 'pg\\_stat\\_get\\_%'
               OR p.proname IN ('pg_relation_size', 'pg_table_size', 'pg_indexes_size',
                                'pg_total_relation_size', 'pg_sequence_last_value'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO paitho_owner, paitho_ops, paitho_backup', routine);
    END LOOP;
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname LIKE 'lo\\_%' OR p.proname ~ '^pg_(try_)?advisory'
               OR p.proname IN ('loread', 'lowrite', 'pg_stat_get_activity', 'pg_cancel_backend',
                                'pg_terminate_backend', 'pg_notify', 'pg_lock_status'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
    END LOOP;
END $$;
ALTER SCHEMA public OWNER TO paitho_owner;
GRANT USAGE ON LANGUAGE plpgsql TO paitho_owner;
GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), pg_try_advisory_lock(bigint), pg_advisory_unlock(bigint)
    TO paitho_owner;
-- Under a row policy an index serves only operators that are leakproof. This one fails for no value of an
-- array of numbers and tells nothing of it; without it a search for words reads the whole table.
ALTER FUNCTION pg_catalog.arrayoverlap(anyarray, anyarray) LEAKPROOF;
GRANT SELECT ON pg_roles, pg_locks, pg_db_role_setting, pg_class, pg_sequences TO paitho_owner, paitho_backup;
GRANT SELECT ON pg_class TO paitho_ops;
"""


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    attributes: str
    password: Secret


def logins(passwords: dict[str, Secret]) -> list[Login]:
    """The control plane's logins; `passwords` by role name, a role without one is left as it is."""
    attributes = {
        "paitho_owner": "LOGIN CREATEROLE NOCREATEDB NOINHERIT NOBYPASSRLS NOSUPERUSER",
        "paitho_directory": "LOGIN NOCREATEROLE NOCREATEDB NOINHERIT NOBYPASSRLS NOSUPERUSER",
        "paitho_ops": "LOGIN NOCREATEROLE NOCREATEDB NOINHERIT NOBYPASSRLS NOSUPERUSER",
        "paitho_backup": "LOGIN NOCREATEROLE CREATEDB NOINHERIT BYPASSRLS NOSUPERUSER",
    }
    return [Login(name, attributes[name], secret) for name, secret in passwords.items()]


def bootstrap(superuser_dsn: str, database: str, passwords: dict[str, Secret]) -> None:
    """Create or correct the logins and the database, and take from PUBLIC what nobody needs."""
    with psycopg.connect(superuser_dsn, autocommit=True) as root:
        for login in logins(passwords):
            _make_login(root, login)
        if root.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            root.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(database)
                )
            )
        name = sql.Identifier(database)
        root.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        root.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO paitho_owner WITH GRANT OPTION").format(name))
        root.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO paitho_owner").format(name))
        for role in ("paitho_directory", "paitho_ops", "paitho_backup"):
            root.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role)))
        root.execute("GRANT pg_read_all_data TO paitho_backup WITH INHERIT TRUE")
    with psycopg.connect(superuser_dsn, autocommit=True, dbname=database) as root:
        root.execute(REVOKED)
        guard.install(root)


def _make_login(root: psycopg.Connection[Any], login: Login) -> None:
    name = sql.Identifier(login.name)
    if root.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.name]).fetchone() is None:
        root.execute(sql.SQL("CREATE ROLE {}").format(name))
    verifier = root.pgconn.encrypt_password(
        login.password.reveal().encode(), login.name.encode(), b"scram-sha-256"
    ).decode()
    root.execute(
        sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(name, sql.SQL(login.attributes), sql.Literal(verifier))
    )
    root.execute(sql.SQL("ALTER ROLE {} SET search_path = public, pg_temp").format(name))
    root.execute(sql.SQL("ALTER ROLE {} SET timezone = 'UTC'").format(name))
