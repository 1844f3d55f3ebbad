"""Event triggers of the superuser's: not even the tables' owner takes an audit log, or a month of it, away.

`paitho_owner` owns the logs, so it could drop a partition, detach it, rewrite it, or take off the triggers
that refuse changes. What it cannot touch is an event trigger. Every log that was ever whole in a workspace's
schema is in `paitho_guard.logs`, by the numbers of its tables, whatever they are called or moved to later:

    DROP (also of a schema, or of all that one owns)   refused, but for months that are past keeping, and
                                                       for the log of a workspace that is being removed
    ALTER, CREATE OR REPLACE, CREATE RULE …            refused when the log is not whole afterwards
    a rewrite of its rows (ALTER … TYPE … USING)       refused

A log is whole when its root has its name and its triggers, each month is still a partition of it with its
own, all of them on and calling a function that refuses, and no other trigger and no rule is there. Superusers
are let through: they could switch the triggers off.
"""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg

SCHEMA = "paitho_guard"
# The body of the function that the logs' triggers call (audit, migration 0001).
REFUSES = """
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
"""
TABLES = """
CREATE SCHEMA IF NOT EXISTS paitho_guard;
REVOKE ALL ON SCHEMA paitho_guard FROM PUBLIC;
GRANT USAGE ON SCHEMA paitho_guard TO paitho_owner;
CREATE TABLE IF NOT EXISTS paitho_guard.logs (
    relid oid PRIMARY KEY,
    root oid NOT NULL,
    workspace_id uuid NULL,
    ends date NULL
);
CREATE INDEX IF NOT EXISTS logs_root ON paitho_guard.logs (root);
COMMENT ON COLUMN paitho_guard.logs.ends IS 'of a month: the day after it; NULL is never past keeping';
REVOKE ALL ON paitho_guard.logs FROM PUBLIC;
GRANT SELECT ON paitho_guard.logs TO paitho_owner;
"""
# What is wrong with a table of a log, or NULL.
PROBLEM = """
CREATE OR REPLACE FUNCTION paitho_guard.problem(wanted oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH triggers AS (
        SELECT t.tgtype::integer AS kind,
               t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
               AND md5(p.prosrc) = '{refuses}' AND lang.lanname = 'plpgsql' AS is_right
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language lang ON lang.oid = p.prolang
        WHERE t.tgrelid = wanted
    )
    SELECT c.oid::regclass::text || CASE
        WHEN l.root <> c.oid AND i.inhparent IS DISTINCT FROM l.root THEN ' is no part of its log'
        WHEN i.inhparent IS NULL AND c.relname NOT IN ('audit_log', 'audit_seals') THEN ' has another name'
        WHEN EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = c.oid) THEN ' has a rule'
        WHEN EXISTS (SELECT 1 FROM triggers WHERE NOT is_right) THEN ' has a trigger that is off, or another'
        -- Before (2) each row (1): DELETE (8), UPDATE (16). Before each statement: TRUNCATE (32).
        WHEN NOT EXISTS (SELECT 1 FROM triggers WHERE kind = 2 + 1 + 8 + 16) THEN ' can be changed'
        WHEN NOT EXISTS (SELECT 1 FROM triggers WHERE kind = 2 + 32) THEN ' can be emptied'
        END
    FROM pg_class c LEFT JOIN paitho_guard.logs l ON l.relid = c.oid
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.oid = wanted
$$;
CREATE OR REPLACE FUNCTION paitho_guard.is_let_through() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT rolsuper FROM pg_roles WHERE rolname = session_user $$;
"""
# Refuse what leaves a log that is held not whole; hold from now on what is whole, a month once its log is.
HOLD = r"""
CREATE OR REPLACE FUNCTION paitho_guard.hold(wanted oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    part oid;
    told text;
    parent oid := coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = wanted), wanted);
BEGIN
    IF EXISTS (SELECT 1 FROM paitho_guard.logs WHERE relid = wanted) THEN
        IF paitho_guard.is_let_through() THEN
            RETURN;
        END IF;
        SELECT paitho_guard.problem(relid) INTO told FROM paitho_guard.logs
        WHERE (relid = wanted OR root = wanted) AND paitho_guard.problem(relid) IS NOT NULL LIMIT 1;
        IF told IS NOT NULL THEN
            RAISE EXCEPTION 'audit_log is append-only: this is refused, because afterwards %', told
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF (parent = wanted OR EXISTS (SELECT 1 FROM paitho_guard.logs WHERE relid = parent))
          AND paitho_guard.problem(wanted) IS NULL THEN
        INSERT INTO paitho_guard.logs (relid, root, workspace_id, ends)
        SELECT wanted, parent,
               coalesce((SELECT workspace_id FROM paitho_guard.logs WHERE relid = parent),
                        (SELECT w.id FROM public.workspaces w
                         WHERE 'tenant_' || replace(w.slug, '-', '_') = n.nspname)),
               substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9-]+)')::date
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = wanted;
        FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = wanted LOOP
            PERFORM paitho_guard.hold(part);
        END LOOP;
    END IF;
END
$$;
"""
KEPT = """
CREATE OR REPLACE FUNCTION paitho_guard.may_go(wanted oid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT ends + interval '12 months' <= now() FROM paitho_guard.logs WHERE relid = wanted) THEN
        RETURN true;
    END IF;
    IF to_regclass('public.workspaces') IS NULL THEN  -- all that its owner has is dropped
        RETURN false;
    END IF;
    RETURN NOT EXISTS (
        SELECT 1 FROM paitho_guard.logs l JOIN public.workspaces w ON w.id = l.workspace_id
        WHERE l.relid = wanted AND w.state <> 'deleted');
END
$$;
CREATE OR REPLACE FUNCTION paitho_guard.kept() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- A few rows of large catalogs are looked at, whose statistics are old whenever many workspaces are made.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    gone record;
    table_of_trigger oid;
BEGIN
    FOR gone IN
        SELECT d.object_identity, d.objsubid, l.* FROM pg_event_trigger_dropped_objects() d
        JOIN paitho_guard.logs l ON l.relid = d.objid
        WHERE d.classid = 'pg_class'::regclass
    LOOP
        IF NOT paitho_guard.is_let_through()
           AND (gone.objsubid <> 0 OR NOT paitho_guard.may_go(gone.relid)) THEN
            RAISE EXCEPTION 'audit_log is append-only: % of % is refused', TG_TAG, gone.object_identity
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        DELETE FROM paitho_guard.logs WHERE relid = gone.relid AND gone.objsubid = 0;
    END LOOP;
    FOR table_of_trigger IN
        SELECT CASE WHEN d.object_type IN ('trigger', 'rule')
                    THEN to_regclass(split_part(d.object_identity, ' on ', 2)) END
        FROM pg_event_trigger_dropped_objects() d
    LOOP
        IF EXISTS (SELECT 1 FROM paitho_guard.logs WHERE relid = table_of_trigger) THEN
            PERFORM paitho_guard.hold(table_of_trigger);
        END IF;
    END LOOP;
END
$$;
"""
WHOLE = """
-- The tables that a command touched, one object at a time: so that each look is one in an index.
CREATE OR REPLACE FUNCTION paitho_guard.touched(class oid, object oid) RETURNS SETOF oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CASE class
        WHEN 'pg_class'::regclass THEN
            RETURN NEXT object;
        WHEN 'pg_trigger'::regclass THEN
            RETURN QUERY SELECT t.tgrelid FROM pg_trigger t WHERE t.oid = object;
        WHEN 'pg_rewrite'::regclass THEN
            RETURN QUERY SELECT r.ev_class FROM pg_rewrite r WHERE r.oid = object;
        WHEN 'pg_proc'::regclass THEN
            RETURN QUERY SELECT t.tgrelid
            FROM pg_depend d JOIN pg_trigger t ON t.oid = d.objid
            -- Not by `classid`: statistics that are old make the planner read every trigger by it.
            WHERE d.refclassid = class AND d.refobjid = object AND t.tgfoid = object;
        WHEN 'pg_namespace'::regclass THEN
            RETURN QUERY SELECT c.oid FROM pg_class c
            WHERE c.relnamespace = object AND c.relname IN ('audit_log', 'audit_seals');
        ELSE
            NULL;
    END CASE;
END
$$;
CREATE OR REPLACE FUNCTION paitho_guard.is_log(wanted oid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM paitho_guard.logs l WHERE l.relid = wanted) OR EXISTS (
        SELECT 1 FROM pg_class c
        WHERE c.oid = wanted AND c.relkind IN ('r', 'p')
          AND (c.relname IN ('audit_log', 'audit_seals')
               OR c.relname LIKE 'audit\\_log\\_%' AND c.relispartition)
          AND (SELECT n.nspname FROM pg_namespace n WHERE n.oid = c.relnamespace) LIKE 'tenant\\_%');
END
$$;
CREATE OR REPLACE FUNCTION paitho_guard.whole() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- A few rows of large catalogs are looked at, whose statistics are old whenever many workspaces are made.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    done record;
    relation oid;
BEGIN
    FOR done IN SELECT DISTINCT classid, objid FROM pg_event_trigger_ddl_commands() LOOP
        FOR relation IN SELECT DISTINCT r FROM paitho_guard.touched(done.classid, done.objid) r LOOP
            IF paitho_guard.is_log(relation) THEN
                PERFORM paitho_guard.hold(relation);
            END IF;
        END LOOP;
    END LOOP;
END
$$;
CREATE OR REPLACE FUNCTION paitho_guard.not_rewritten() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT paitho_guard.is_let_through()
       AND EXISTS (SELECT 1 FROM paitho_guard.logs WHERE relid = pg_event_trigger_table_rewrite_oid()) THEN
        RAISE EXCEPTION 'audit_log is append-only: to rewrite % is refused',
            pg_event_trigger_table_rewrite_oid()::regclass USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;
"""
TAGS = (
    "'ALTER FUNCTION', 'ALTER ROUTINE', 'ALTER RULE', 'ALTER SCHEMA', 'ALTER TABLE', 'ALTER TRIGGER',"
    " 'CREATE FUNCTION', 'CREATE RULE', 'CREATE TABLE', 'CREATE TRIGGER'"
)
TRIGGERS = {
    "paitho_audit_kept": ("sql_drop", "", "kept"),
    "paitho_audit_whole": (
        "ddl_command_end",
        f"WHEN TAG IN ({TAGS})",
        "whole",
    ),
    "paitho_audit_not_rewritten": ("table_rewrite", "", "not_rewritten"),
}
# Logs that were there before the guard was.
OLDER = """
DO $$
BEGIN
    IF to_regclass('public.workspaces') IS NOT NULL THEN
        PERFORM paitho_guard.hold(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname LIKE 'tenant\\_%' AND c.relname IN ('audit_log', 'audit_seals')
          AND NOT EXISTS (SELECT 1 FROM paitho_guard.logs l WHERE l.relid = c.oid);
    END IF;
END
$$;
"""
AMISS = """
    SELECT 'the event trigger ' || wanted || ' that keeps audit logs is missing or off'
    FROM unnest(%s::text[]) wanted
    WHERE NOT EXISTS (SELECT 1 FROM pg_event_trigger e JOIN pg_roles r ON r.oid = e.evtowner
                      WHERE e.evtname = wanted AND e.evtenabled IN ('O', 'A') AND r.rolsuper)
"""
NOT_HELD = """
    SELECT c.oid::regclass::text || ' is not kept by the event triggers'
    FROM pg_class log JOIN pg_namespace n ON n.oid = log.relnamespace
    CROSS JOIN LATERAL (
        SELECT log.oid UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = log.oid
    ) c
    WHERE n.nspname LIKE 'tenant\\_%' AND log.relname IN ('audit_log', 'audit_seals')
      AND NOT EXISTS (SELECT 1 FROM paitho_guard.logs l WHERE l.relid = c.oid)
"""


def install(root: psycopg.Connection[Any]) -> None:
    """As the superuser, in the database; may be repeated."""
    refuses = hashlib.md5(REFUSES.encode(), usedforsecurity=False).hexdigest()
    for part in (TABLES, PROBLEM.replace("{refuses}", refuses), HOLD, KEPT, WHOLE):
        root.execute(part.encode())
    root.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA paitho_guard FROM PUBLIC")
    for name, (event, condition, function) in TRIGGERS.items():
        if not root.execute("SELECT 1 FROM pg_event_trigger WHERE evtname = %s", [name]).fetchone():
            made = f"CREATE EVENT TRIGGER {name} ON {event} {condition}"
            root.execute(f"{made} EXECUTE FUNCTION paitho_guard.{function}()".encode())
        root.execute(f"ALTER EVENT TRIGGER {name} ENABLE".encode())
    root.execute(OLDER)


def amiss(owner: psycopg.Connection[Any]) -> list[str]:
    """A sentence for each part of the guard that is missing, and for each log that it does not hold."""
    said = [sentence for (sentence,) in owner.execute(AMISS, [list(TRIGGERS)]).fetchall()]
    if owner.execute("SELECT to_regclass('paitho_guard.logs')").fetchone() == (None,):
        return said
    return said + [sentence for (sentence,) in owner.execute(NOT_HELD).fetchall()]
