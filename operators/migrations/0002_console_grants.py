"""Expand: what the console's login may do, and how a workspace is told what operators did to it.

The record is append-only for everyone below superuser: the console inserts and reads, and a line changes once,
when it has been told (`operations_told`, for the workers). Workspaces are changed by narrow functions, each one
compare-and-set; the console loses its rights to write the tables behind them.
"""

from django.db import migrations

FUNCTIONS = """
REVOKE ALL ON operators, operator_passkeys, operator_sessions, operations FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON operators TO paitho_ops;
GRANT SELECT, INSERT, UPDATE, DELETE ON operator_passkeys, operator_sessions TO paitho_ops;
GRANT SELECT, INSERT ON operations TO paitho_ops;
REVOKE INSERT, UPDATE, DELETE ON workspaces, domains FROM paitho_ops;
GRANT SELECT ON bells TO paitho_ops;
-- A draft of the changelog takes along what hangs on it, of which there is nothing yet.
GRANT DELETE ON tellings TO paitho_ops;
GRANT SELECT (version, migrations, recorded_at) ON schema_changes TO paitho_ops;

CREATE FUNCTION operations_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.told_at IS NULL AND NEW.told_at IS NOT NULL
       AND to_jsonb(NEW) - 'told_at' = to_jsonb(OLD) - 'told_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'operations is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER operations_no_rewrite BEFORE UPDATE OR DELETE ON operations
    FOR EACH ROW EXECUTE FUNCTION operations_refuse();
CREATE TRIGGER operations_no_truncate BEFORE TRUNCATE ON operations
    FOR EACH STATEMENT EXECUTE FUNCTION operations_refuse();

-- A workspace's own lines that its log does not have yet; no operator's address, only the name.
CREATE FUNCTION operations_to_tell(wanted uuid)
RETURNS TABLE (id uuid, at timestamptz, event text, operator text, data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, at, event, operator, data FROM operations
    WHERE workspace_id = wanted AND told_at IS NULL ORDER BY at, id LIMIT 200
$$;
CREATE FUNCTION operations_told(wanted uuid, told uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE operations SET told_at = now() WHERE workspace_id = wanted AND id = ANY (told) AND told_at IS NULL
$$;

-- As before (tenants' migration 0004), and a closed workspace is told what operators did to it.
CREATE OR REPLACE FUNCTION claim_bells(at_most integer, lease interval, kinds text[])
RETURNS TABLE (workspace uuid, kind text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT b.id FROM bells b JOIN workspaces w ON w.id = b.workspace_id
        WHERE ((b.claimed_until IS NULL AND b.due_at <= clock_timestamp())
               OR b.claimed_until < clock_timestamp())
          AND b.kind = ANY (kinds)
          AND (b.kind = 'provision'
               OR (w.state = 'active' AND w.wanted_slug = '')
               OR (w.state = 'suspended' AND b.kind IN ('retention', 'backup', 'operated'))
               OR (w.state = 'deleting' AND b.kind IN ('retention', 'backup', 'export', 'operated')))
        ORDER BY b.served_at NULLS FIRST, b.due_at
        LIMIT at_most
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE bells b
    SET claimed_until = clock_timestamp() + lease, served_at = clock_timestamp(), due_at = '9999-01-01+00'
    FROM due WHERE b.id = due.id
    RETURNING b.workspace_id, b.kind
$$;

CREATE FUNCTION open_workspace(new_id uuid, new_slug text, new_region text, new_host text, new_plan text)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT slug_is_free(new_slug) OR EXISTS (SELECT 1 FROM domains WHERE host = new_host) THEN
        RETURN NULL;
    END IF;
    INSERT INTO workspaces (id, slug, region, state, step, schema_version, plan, problem, created_at)
    VALUES (new_id, new_slug, new_region, 'pending', 'reserved', 0, new_plan, '', now());
    INSERT INTO domains (host, workspace_id, is_primary, verified_at) VALUES (new_host, new_id, true, now());
    PERFORM ring(new_id, 'provision', now());
    RETURN new_id;
END
$$;

CREATE FUNCTION set_plan(wanted uuid, new_plan text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE workspaces SET plan = new_plan WHERE id = wanted;
    RETURN FOUND;
END
$$;

-- A link for the first owner, who names themself behind it: nothing is sealed because nothing is known.
CREATE FUNCTION offer_workspace(new_id uuid, wanted uuid, token bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM sign_ups WHERE workspace_id = wanted;
    INSERT INTO sign_ups (id, slug, region, sealed, wrapped, kms, token_hash, verified_at, workspace_id, created_at)
    SELECT new_id, slug, region, ''::bytea, ''::bytea, '', token, now(), id, now()
    FROM workspaces WHERE id = wanted AND state IN ('pending', 'active');
    RETURN FOUND;
END
$$;

REVOKE ALL ON FUNCTION operations_refuse(), operations_to_tell(uuid), operations_told(uuid, uuid[]),
    open_workspace(uuid, text, text, text, text), set_plan(uuid, text), offer_workspace(uuid, uuid, bytea)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations_to_tell(uuid), operations_told(uuid, uuid[]) TO paitho_directory;
GRANT EXECUTE ON FUNCTION ring(uuid, text, timestamptz), open_workspace(uuid, text, text, text, text),
    set_plan(uuid, text), offer_workspace(uuid, uuid, bytea) TO paitho_ops;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("operators", "0001_initial"),
        ("tenants", "0004_lifecycle_functions"),
        ("trust", "0002_promises_in_the_database"),
    ]
    operations = [migrations.RunSQL(FUNCTIONS, elidable=False)]
