"""What somebody tries who can run any SQL on a session of Acme, and how each try ends.

`python -m tests.boundary.attacks` writes the table of SECURITY.md from this list; a test compares the two.
Every statement runs on a session of Acme's own login, opened with its real password, without Django in
between: stacked statements and the simple protocol are the attacker's too. `{table}` stands for every table
of Rival in turn and `{public}` for every table of the directory, as the catalog lists them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

SECURITY = Path(__file__).resolve().parents[2] / "SECURITY.md"
BEGIN, END = (
    "<!-- attacks: begin (written by `python -m tests.boundary.attacks`) -->",
    "<!-- attacks: end -->",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """`tries` run one after the other; the last ends in one of `states` (SQLSTATE), or answers `answer`."""

    aim: str
    name: str
    tries: tuple[str, ...]
    states: tuple[str, ...] = ("42501",)  # insufficient_privilege
    answer: object = None
    because: str = "permission denied"

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")


MISSING = ("42P01", "3F000", "42501")
IDENTITY = "Become somebody else"
OTHERS = "Read or change another workspace's rows"
PLANT = "Leave something for the next session"
WATCH = "Watch or disturb other sessions"
SERVER = "Reach the server behind the database"
KNOW = "Learn about others from the catalog"

ATTACKS: list[Attack] = [
    # --- become somebody else
    Attack(IDENTITY, "RESET ROLE", ("RESET ROLE", "SELECT current_user::text"), states=(),
           answer="tenant_acme_app", because="it leads back to its own role"),
    Attack(IDENTITY, "DISCARD ALL", ("DISCARD ALL", "SELECT current_user::text"), states=(),
           answer="tenant_acme_app", because="it leads back to its own role"),
    Attack(IDENTITY, "RESET ROLE, then the rival's rows",
           ("RESET ROLE", "SELECT * FROM tenant_rival.members")),
    Attack(IDENTITY, "SET ROLE NONE, then read", ("SET ROLE NONE", "SELECT * FROM tenant_acme.leads"),
           because="the login itself holds nothing"),
    Attack(IDENTITY, "SET ROLE to the rival's role", ("SET ROLE tenant_rival_app",)),
    Attack(IDENTITY, "SET ROLE to the rival's login", ("SET ROLE tenant_rival_login",)),
    Attack(IDENTITY, "SET ROLE from the bare login", ("SET ROLE NONE", "SET ROLE tenant_rival_app")),
    Attack(IDENTITY, "SET LOCAL ROLE in a transaction", ("BEGIN", "SET LOCAL ROLE tenant_rival_app")),
    Attack(IDENTITY, "SET ROLE to the owner", ("SET ROLE paitho_owner",)),
    Attack(IDENTITY, "SET ROLE to the backup's login", ("SET ROLE paitho_backup",)),
    Attack(IDENTITY, "SET ROLE to a reader of everything", ("SET ROLE pg_read_all_data",)),
    Attack(IDENTITY, "SET SESSION AUTHORIZATION to the rival",
           ("SET SESSION AUTHORIZATION tenant_rival_login",)),
    Attack(IDENTITY, "SET SESSION AUTHORIZATION to the superuser", ("SET SESSION AUTHORIZATION postgres",)),
    Attack(IDENTITY, "set_config('role') in a query",
           ("SELECT set_config('role', 'tenant_rival_app', false)",)),
    Attack(IDENTITY, "set_config('role') and a read in one statement",
           ("SELECT set_config('role', 'none', false), m.email FROM tenant_rival.members m",)),
    Attack(IDENTITY, "set_config('session_authorization')",
           ("SELECT set_config('session_authorization', 'tenant_rival_login', false)",)),
    Attack(IDENTITY, "ALTER ROLE to superuser", ("SET ROLE NONE", "ALTER ROLE tenant_acme_login SUPERUSER")),
    Attack(IDENTITY, "ALTER ROLE to bypass row security",
           ("SET ROLE NONE", "ALTER ROLE tenant_acme_login BYPASSRLS")),
    Attack(IDENTITY, "ALTER ROLE of the rival",
           ("SET ROLE NONE", "ALTER ROLE tenant_rival_login PASSWORD 'x'")),
    Attack(IDENTITY, "GRANT itself the rival's role", ("GRANT tenant_rival_app TO tenant_acme_login",)),
    Attack(IDENTITY, "CREATE ROLE", ("CREATE ROLE mole LOGIN",)),
    Attack(IDENTITY, "REASSIGN OWNED of the rival",
           ("REASSIGN OWNED BY tenant_rival_app TO tenant_acme_app",)),
    Attack(IDENTITY, "SET row_security off, then read its own",
           ("SET row_security = off", "SELECT * FROM leads"), because="a read that would need it off fails"),
    Attack(IDENTITY, "SET session_replication_role", ("SET session_replication_role = replica",)),
    # --- another workspace's rows, for every table that the catalog lists
    Attack(OTHERS, "SELECT from each table", ("SELECT * FROM {table}",)),
    Attack(OTHERS, "SELECT count(*) of each table", ("SELECT count(*) FROM {table}",)),
    Attack(OTHERS, "EXPLAIN ANALYZE of each table", ("EXPLAIN ANALYZE SELECT * FROM {table}",)),
    Attack(OTHERS, "INSERT into each table", ("INSERT INTO {table} DEFAULT VALUES",)),
    Attack(OTHERS, "DELETE from each table", ("DELETE FROM {table}",)),
    Attack(OTHERS, "TRUNCATE each table", ("TRUNCATE {table}",)),
    Attack(OTHERS, "COPY each table out", ("COPY {table} TO STDOUT",)),
    Attack(OTHERS, "LOCK each table", ("BEGIN", "LOCK TABLE {table} IN ACCESS SHARE MODE")),
    Attack(OTHERS, "ALTER each table", ("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",)),
    Attack(OTHERS, "DROP the policy of each table", ("DROP POLICY only_this_workspace ON {table}",)),
    Attack(OTHERS, "query_to_xml over each table",
           ("SELECT query_to_xml('SELECT * FROM {table}', true, false, '')",)),
    Attack(OTHERS, "ts_stat over each table",
           ("SELECT * FROM ts_stat('SELECT to_tsvector(t::text) FROM {table} t')",)),
    Attack(OTHERS, "cursor over each table", ("BEGIN", "DECLARE c CURSOR FOR SELECT * FROM {table}")),
    Attack(OTHERS, "prepared statement over each table", ("PREPARE p AS SELECT * FROM {table}",)),
    Attack(OTHERS, "SELECT from each table of the directory", ("SELECT * FROM {public}",)),
    Attack(OTHERS, "search_path of the rival",
           ("SET search_path = tenant_rival", "SELECT * FROM members"), states=MISSING,
           because="a schema one may not use is not searched"),
    Attack(OTHERS, "schema_to_xml of the rival", ("SELECT schema_to_xml('tenant_rival', true, false, '')",),
           states=MISSING),
    Attack(OTHERS, "the directory's functions",
           ("SELECT public.wrapped_keys_of('00000000-0000-0000-0000-000000000000')",)),
    Attack(OTHERS, "GRANT its own rows away", ("GRANT SELECT ON leads TO tenant_rival_app",),
           states=("warned",), because="warned: no privileges were granted"),
    Attack(OTHERS, "ALTER its own row policy", ("ALTER POLICY only_this_workspace ON leads USING (true)",)),
    Attack(OTHERS, "DISABLE its own row security", ("ALTER TABLE leads DISABLE ROW LEVEL SECURITY",)),
    # --- something for the next session
    Attack(PLANT, "temporary table", ("CREATE TEMP TABLE members (id int)",)),
    Attack(PLANT, "table in its own schema", ("CREATE TABLE planted (id int)",)),
    Attack(PLANT, "view", ("CREATE VIEW planted AS SELECT 1",)),
    Attack(PLANT, "schema", ("CREATE SCHEMA planted",)),
    Attack(PLANT, "table in public", ("CREATE TABLE public.planted (id int)",)),
    Attack(PLANT, "trigger",
           ("CREATE TRIGGER t BEFORE INSERT ON leads EXECUTE FUNCTION tsvector_update_trigger()",)),
    Attack(PLANT, "rule", ("CREATE RULE r AS ON INSERT TO leads DO ALSO NOTHING",)),
    Attack(PLANT, "function that shadows lower()",
           ("CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",)),
    Attack(PLANT, "function in pg_temp",
           ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",)),
    Attack(PLANT, "operator that shadows =",
           ("CREATE OPERATOR = (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)",)),
    Attack(PLANT, "type and cast", ("CREATE DOMAIN d AS text",)),
    Attack(PLANT, "anonymous code block", ("DO $$ BEGIN PERFORM 1; END $$",)),
    Attack(PLANT, "extension", ("CREATE EXTENSION dblink",), states=("42501", "0A000", "58P01")),
    Attack(PLANT, "foreign server", ("CREATE FOREIGN DATA WRAPPER w",)),
    Attack(PLANT, "event trigger",
           ("CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION event_trigger_noop()",),
           states=("42501", "42883")),
    Attack(PLANT, "publication", ("CREATE PUBLICATION p FOR ALL TABLES",)),
    Attack(PLANT, "large object", ("SELECT lo_from_bytea(0, 'x'::bytea)",)),
    Attack(PLANT, "comment on a table", ("COMMENT ON TABLE leads IS 'paitho:read-only'",)),
    Attack(PLANT, "settings of its login", ("ALTER ROLE tenant_acme_login SET search_path = tenant_rival",)),
    Attack(PLANT, "database settings", ("ALTER DATABASE paitho_main SET search_path = tenant_rival",)),
    # --- other sessions
    Attack(WATCH, "pg_stat_activity", ("SELECT * FROM pg_stat_activity",)),
    Attack(WATCH, "pg_stat_get_activity()", ("SELECT * FROM pg_stat_get_activity(NULL)",)),
    Attack(WATCH, "pg_locks", ("SELECT * FROM pg_locks",)),
    Attack(WATCH, "pg_lock_status()", ("SELECT * FROM pg_lock_status()",)),
    Attack(WATCH, "pg_cancel_backend()", ("SELECT pg_cancel_backend(1)",)),
    Attack(WATCH, "pg_terminate_backend()", ("SELECT pg_terminate_backend(1)",)),
    Attack(WATCH, "advisory lock", ("SELECT pg_advisory_lock(1)",)),
    Attack(WATCH, "advisory lock for a transaction", ("SELECT pg_advisory_xact_lock(1)",)),
    Attack(WATCH, "pg_notify()", ("SELECT pg_notify('paitho', 'x')",)),
    Attack(WATCH, "prepared transactions", ("SELECT * FROM pg_prepared_xacts",)),
    Attack(WATCH, "lock on the directory", ("BEGIN", "LOCK TABLE {public} IN SHARE MODE")),
    # --- the server
    Attack(SERVER, "pg_read_file()", ("SELECT pg_read_file('PG_VERSION')",)),
    Attack(SERVER, "pg_ls_dir()", ("SELECT pg_ls_dir('.')",)),
    Attack(SERVER, "COPY from a file", ("COPY leads FROM '/etc/passwd'",)),
    Attack(SERVER, "COPY to a program", ("COPY (SELECT 1) TO PROGRAM 'id'",)),
    Attack(SERVER, "ALTER SYSTEM", ("ALTER SYSTEM SET log_statement = 'all'",)),
    Attack(SERVER, "SET log_statement", ("SET log_statement = 'all'",)),
    Attack(SERVER, "LOAD a library", ("LOAD 'dblink'",), states=("42501", "58P01")),
    Attack(SERVER, "pg_reload_conf()", ("SELECT pg_reload_conf()",)),
    Attack(SERVER, "the data directory's name", ("SHOW data_directory",)),
    Attack(SERVER, "CHECKPOINT", ("CHECKPOINT",)),
    Attack(SERVER, "VACUUM a rival's table", ("VACUUM {table}",), states=("42501", "warned")),
    # --- the catalog
    Attack(KNOW, "passwords in pg_authid", ("SELECT rolpassword FROM pg_authid",)),
    Attack(KNOW, "passwords in pg_shadow", ("SELECT * FROM pg_shadow",)),
    Attack(KNOW, "roles in pg_roles", ("SELECT * FROM pg_roles",)),
    Attack(KNOW, "settings of other logins", ("SELECT * FROM pg_db_role_setting",)),
    Attack(KNOW, "values in pg_statistic", ("SELECT * FROM pg_statistic",)),
    Attack(KNOW, "values in pg_stats", ("SELECT count(*) FROM pg_stats WHERE schemaname LIKE 'tenant%'",),
           states=(), answer=0, because="row security hides them, its own too"),
    Attack(KNOW, "row counts in pg_class", ("SELECT reltuples FROM pg_class WHERE relname = 'leads'",)),
    Attack(KNOW, "pages in pg_class", ("SELECT relpages FROM pg_class WHERE relname = 'leads'",)),
    Attack(KNOW, "row counts in pg_stat_all_tables", ("SELECT n_live_tup FROM pg_stat_all_tables",)),
    Attack(KNOW, "pg_stat_get_live_tuples()", ("SELECT pg_stat_get_live_tuples(c.oid) FROM pg_class c",)),
    Attack(KNOW, "size of a rival's table",
           ("SELECT pg_relation_size(c.oid) FROM pg_class c WHERE relname = 'leads'",)),
    Attack(KNOW, "size of a rival's table with all that belongs to it",
           ("SELECT pg_total_relation_size(c.oid) FROM pg_class c WHERE relname = 'leads'",)),
    Attack(KNOW, "position of a rival's sequence", ("SELECT last_value FROM pg_sequences",)),
    Attack(KNOW, "tables in information_schema",
           ("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'tenant_rival'",),
           states=(), answer=0, because="it lists what one may use"),
]  # fmt: skip


def table() -> str:
    lines = [BEGIN, "", f"{len(ATTACKS)} attacks, each a test in `tests/boundary/test_attacks.py`.", ""]
    for aim in dict.fromkeys(attack.aim for attack in ATTACKS):
        lines += [f"| {aim} | statements | how it ends |", "|---|---|---|"]
        for attack in (each for each in ATTACKS if each.aim == aim):
            tries = "; ".join(f"`{one}`" for one in attack.tries)
            ends = attack.because if attack.answer is None else f"answers {attack.answer}: {attack.because}"
            lines.append(f"| {attack.name} | {tries.replace('|', '&#124;')} | {ends} |")
        lines.append("")
    return "\n".join([*lines, END])


def written(text: str) -> str:
    """SECURITY.md with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    SECURITY.write_text(written(SECURITY.read_text()))
    sys.stdout.write(f"{SECURITY.name}: {len(ATTACKS)} attacks\n")
