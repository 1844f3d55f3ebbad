"""Expand: the narrow functions by which web and workers use the directory.

The login `paitho_directory` holds EXECUTE on these and nothing on the tables behind them.
"""

from django.db import migrations

FUNCTIONS = """
CREATE TYPE workspace_ref AS (
    id uuid, slug text, region text, state text, schema_version integer, plan text
);

CREATE FUNCTION workspace_by_host(wanted text) RETURNS SETOF workspace_ref
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.region, w.state, w.schema_version, w.plan
    FROM domains d JOIN workspaces w ON w.id = d.workspace_id
    WHERE d.host = lower(wanted) AND d.verified_at IS NOT NULL
$$;

CREATE FUNCTION workspace_by_id(wanted uuid) RETURNS SETOF workspace_ref
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, slug, region, state, schema_version, plan FROM workspaces WHERE id = wanted
$$;

CREATE FUNCTION workspace_by_slug(wanted text) RETURNS SETOF workspace_ref
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, slug, region, state, schema_version, plan FROM workspaces WHERE slug = wanted
$$;

CREATE FUNCTION primary_host(wanted uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT host FROM domains WHERE workspace_id = wanted AND is_primary AND verified_at IS NOT NULL
    ORDER BY verified_at DESC LIMIT 1
$$;

CREATE FUNCTION wrapped_keys_of(wanted uuid)
RETURNS TABLE (purpose text, version integer, kms text, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT purpose, version, kms, wrapped FROM wrapped_keys WHERE workspace_id = wanted
$$;

-- Months of LLM logs have a key of their own; the month is 90 days past before its key may go.
CREATE FUNCTION add_llm_key(owner uuid, month integer, kms_name text, wrapped_key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)
    VALUES (owner, 'llm', month, kms_name, wrapped_key, now())
    ON CONFLICT (workspace_id, purpose, version) DO NOTHING
$$;

CREATE FUNCTION drop_llm_key(owner uuid, month integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM wrapped_keys
        WHERE workspace_id = owner AND purpose = 'llm' AND version = month
          AND to_date(month::text, 'YYYYMM') + interval '1 month' + interval '90 days' < now()
        RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM gone)
$$;

CREATE FUNCTION ring(wanted uuid, work text, due timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO bells (workspace_id, kind, due_at) VALUES (wanted, work, due)
    ON CONFLICT (workspace_id, kind) DO UPDATE SET due_at = least(bells.due_at, excluded.due_at)
$$;

-- The least recently served workspaces first; a bell in work is due again when its lease ends.
CREATE FUNCTION claim_bells(at_most integer, lease interval, kinds text[])
RETURNS TABLE (workspace uuid, kind text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT b.id FROM bells b JOIN workspaces w ON w.id = b.workspace_id
        WHERE ((b.claimed_until IS NULL AND b.due_at <= clock_timestamp())
               OR b.claimed_until < clock_timestamp())
          AND b.kind = ANY (kinds)
          AND (w.state = 'active' OR b.kind = 'provision')
        ORDER BY b.served_at NULLS FIRST, b.due_at
        LIMIT at_most
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE bells b
    SET claimed_until = clock_timestamp() + lease, served_at = clock_timestamp(), due_at = '9999-01-01+00'
    FROM due WHERE b.id = due.id
    RETURNING b.workspace_id, b.kind
$$;

-- A ring that came while the slice ran has put due_at back from the far end, and is kept.
CREATE FUNCTION settle_bell(wanted uuid, work text, next_due timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE bells SET claimed_until = NULL, due_at = least(due_at, next_due)
    WHERE workspace_id = wanted AND kind = work
$$;

CREATE FUNCTION begin_sign_up(
    new_id uuid, wanted_slug text, wanted_region text, secret bytea, key bytea, kms_name text, token bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM workspaces WHERE slug = wanted_slug) THEN
        RETURN 'taken';
    END IF;
    DELETE FROM sign_ups WHERE created_at < now() - interval '3 days' AND workspace_id IS NULL;
    INSERT INTO sign_ups (id, slug, region, sealed, wrapped, kms, token_hash, created_at)
    VALUES (new_id, wanted_slug, wanted_region, secret, key, kms_name, token, now());
    RETURN 'begun';
END
$$;

CREATE FUNCTION sign_up_by_token(token bytea)
RETURNS TABLE (
    id uuid, slug text, region text, sealed bytea, wrapped bytea, kms text, workspace uuid, state text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.id, s.slug, s.region, s.sealed, s.wrapped, s.kms, s.workspace_id, w.state
    FROM sign_ups s LEFT JOIN workspaces w ON w.id = s.workspace_id
    WHERE s.token_hash = token AND s.created_at > now() - interval '3 days'
$$;

-- The address is verified: the workspace's row is made and its provisioning bell rung, once.
CREATE FUNCTION verify_sign_up(token bytea, new_workspace uuid, new_host text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asked sign_ups%ROWTYPE;
BEGIN
    SELECT * INTO asked FROM sign_ups
    WHERE token_hash = token AND created_at > now() - interval '3 days' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF asked.workspace_id IS NOT NULL THEN
        RETURN 'verified';
    END IF;
    INSERT INTO workspaces (id, slug, region, state, step, schema_version, plan, problem, created_at)
    VALUES (new_workspace, asked.slug, asked.region, 'pending', 'reserved', 0, 'trial', '', now())
    ON CONFLICT (slug) DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'taken';
    END IF;
    INSERT INTO domains (host, workspace_id, is_primary, verified_at)
    VALUES (new_host, new_workspace, true, now());
    UPDATE sign_ups SET workspace_id = new_workspace, verified_at = now() WHERE id = asked.id;
    PERFORM ring(new_workspace, 'provision', now());
    RETURN 'verified';
END
$$;

CREATE FUNCTION finish_sign_up(token bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM sign_ups WHERE token_hash = token
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO paitho_directory, paitho_ops;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO paitho_directory;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON workspaces, domains TO paitho_ops;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO paitho_ops;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_directory")]
    operations = [migrations.RunSQL(FUNCTIONS, elidable=False)]
