"""Expand: the moves of a workspace's life, its domains, and which work is done in which state.

Each move is one compare-and-set and answers whether it happened. Web and console hold EXECUTE on their own
moves and nothing on the tables.
"""

from django.db import migrations

FUNCTIONS = """
-- A host's workspace; `moved_to` is the present host of one that was renamed.
CREATE FUNCTION door(wanted text)
RETURNS TABLE (
    id uuid, slug text, region text, state text, schema_version integer, plan text,
    moved_to text, reason text, delete_after timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.region, w.state, w.schema_version, w.plan,
           CASE WHEN d.kind = 'former' THEN primary_host(w.id) END, w.reason, w.delete_after
    FROM domains d JOIN workspaces w ON w.id = d.workspace_id
    WHERE d.host = lower(wanted) AND d.verified_at IS NOT NULL
$$;

CREATE FUNCTION slug_is_free(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT 1 FROM workspaces WHERE slug = wanted OR wanted_slug = wanted)
       AND NOT EXISTS (SELECT 1 FROM former_slugs
                       WHERE slug = wanted AND (free_after IS NULL OR free_after > now()))
$$;

CREATE FUNCTION suspend_workspace(wanted uuid, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE workspaces SET state = 'suspended', reason = why WHERE id = wanted AND state = 'active';
    RETURN FOUND;
END
$$;

CREATE FUNCTION resume_workspace(wanted uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE workspaces SET state = 'active', reason = '' WHERE id = wanted AND state = 'suspended';
    RETURN FOUND;
END
$$;

-- Nobody can ask for less than a day: a mistake, or somebody else's hand, is found in time.
CREATE FUNCTION schedule_delete(wanted uuid, at timestamptz, who text, receipt bytea) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ends timestamptz := greatest(at, now() + interval '1 day');
BEGIN
    UPDATE workspaces SET was = state, state = 'deleting', delete_after = ends, wanted_slug = ''
    WHERE id = wanted AND state IN ('active', 'suspended');
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    DELETE FROM domains WHERE workspace_id = wanted AND verified_at IS NULL;
    INSERT INTO removals (id, slug, region, asked_by, asked_at, token_hash, rows, keys)
    SELECT id, slug, region, who, now(), receipt, '{}', 0 FROM workspaces WHERE id = wanted
    ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, asked_by = excluded.asked_by,
        asked_at = excluded.asked_at, token_hash = excluded.token_hash;
    PERFORM ring(wanted, 'provision', ends);
    RETURN ends;
END
$$;

CREATE FUNCTION cancel_delete(wanted uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE workspaces SET state = was, was = '', delete_after = NULL
    WHERE id = wanted AND state = 'deleting' AND delete_after > now();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM removals WHERE id = wanted AND removed_at IS NULL;
    RETURN true;
END
$$;

CREATE FUNCTION removal_by_token(token bytea)
RETURNS TABLE (
    id uuid, slug text, region text, asked_by text, asked_at timestamptz, rows jsonb, keys integer,
    delete_after timestamptz, removed_at timestamptz, backups_gone_by timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id, r.slug, r.region, r.asked_by, r.asked_at, r.rows, r.keys, w.delete_after, r.removed_at,
           r.backups_gone_by
    FROM removals r LEFT JOIN workspaces w ON w.id = r.id
    WHERE r.token_hash = token
$$;

-- The unverified host row holds the new name's place: its key is what two who want one name meet at.
CREATE FUNCTION ask_rename(wanted uuid, new_slug text, new_host text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT slug_is_free(new_slug)
       AND NOT EXISTS (SELECT 1 FROM former_slugs WHERE slug = new_slug AND workspace_id = wanted) THEN
        RETURN 'taken';
    END IF;
    UPDATE workspaces SET wanted_slug = new_slug
    WHERE id = wanted AND state = 'active' AND wanted_slug = '' AND slug <> new_slug;
    IF NOT FOUND THEN
        RETURN 'not now';
    END IF;
    INSERT INTO domains (host, workspace_id, is_primary, kind) VALUES (new_host, wanted, false, 'slug')
    ON CONFLICT (host) DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (SELECT 1 FROM domains WHERE host = new_host AND workspace_id = wanted) THEN
        UPDATE workspaces SET wanted_slug = '' WHERE id = wanted;
        RETURN 'taken';
    END IF;
    PERFORM ring(wanted, 'provision', now());
    RETURN 'asked';
END
$$;

CREATE FUNCTION domains_of(wanted uuid)
RETURNS TABLE (
    host text, kind text, is_primary boolean, proof text, verified_at timestamptz, checked_at timestamptz,
    missing_since timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT host, kind, is_primary, proof, verified_at, checked_at, missing_since
    FROM domains WHERE workspace_id = wanted AND verified_at IS NOT NULL
    UNION ALL
    SELECT host, 'custom', false, proof, NULL, NULL, NULL FROM domain_claims WHERE workspace_id = wanted
    ORDER BY 1
$$;

CREATE FUNCTION claim_domain(wanted uuid, new_host text, new_proof text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM domains WHERE host = new_host) THEN
        RETURN 'taken';
    END IF;
    IF (SELECT count(*) FROM domain_claims WHERE workspace_id = wanted) >= 10 THEN
        RETURN 'too many';
    END IF;
    INSERT INTO domain_claims (workspace_id, host, proof, created_at)
    VALUES (wanted, new_host, new_proof, now()) ON CONFLICT (workspace_id, host) DO NOTHING;
    RETURN 'claimed';
END
$$;

-- `shown` is what the TXT record says now; only a claim's own proof makes it a host.
CREATE FUNCTION prove_domain(wanted uuid, claimed text, shown text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM domain_claims
                   WHERE workspace_id = wanted AND host = claimed AND proof = shown) THEN
        RETURN 'unproved';
    END IF;
    INSERT INTO domains (host, workspace_id, is_primary, kind, proof, verified_at, checked_at)
    VALUES (claimed, wanted, false, 'custom', shown, now(), now()) ON CONFLICT (host) DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'taken';
    END IF;
    DELETE FROM domain_claims WHERE workspace_id = wanted AND host = claimed;
    RETURN 'verified';
END
$$;

-- A proof that is seen again starts the count anew; one that is gone for a week takes the host away.
CREATE FUNCTION recheck_domain(wanted uuid, checked text, is_there boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE domains SET checked_at = now(),
        missing_since = CASE WHEN is_there THEN NULL ELSE coalesce(missing_since, now()) END
    WHERE workspace_id = wanted AND host = checked AND kind = 'custom';
    IF EXISTS (SELECT 1 FROM domains WHERE workspace_id = wanted AND host = checked AND kind = 'custom'
               AND missing_since < now() - interval '7 days') THEN
        PERFORM drop_domain(wanted, checked);
        RETURN false;
    END IF;
    RETURN true;
END
$$;

CREATE FUNCTION drop_domain(wanted uuid, gone text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was_primary boolean;
BEGIN
    DELETE FROM domain_claims WHERE workspace_id = wanted AND host = gone;
    IF FOUND THEN
        RETURN true;
    END IF;
    DELETE FROM domains WHERE workspace_id = wanted AND host = gone AND kind = 'custom'
    RETURNING is_primary INTO was_primary;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF was_primary THEN
        UPDATE domains SET is_primary = true WHERE workspace_id = wanted AND kind = 'slug';
    END IF;
    RETURN true;
END
$$;

CREATE FUNCTION prefer_domain(wanted uuid, preferred text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM domains WHERE workspace_id = wanted AND host = preferred
                   AND kind <> 'former' AND verified_at IS NOT NULL) THEN
        RETURN false;
    END IF;
    UPDATE domains SET is_primary = (host = preferred) WHERE workspace_id = wanted;
    RETURN true;
END
$$;

-- What is done in a workspace depends on its state: `provision` (its structure) always, retention and
-- backups whenever there is data, an export until the very end, all else only while it is open.
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
               OR (w.state = 'suspended' AND b.kind IN ('retention', 'backup'))
               OR (w.state = 'deleting' AND b.kind IN ('retention', 'backup', 'export')))
        ORDER BY b.served_at NULLS FIRST, b.due_at
        LIMIT at_most
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE bells b
    SET claimed_until = clock_timestamp() + lease, served_at = clock_timestamp(), due_at = '9999-01-01+00'
    FROM due WHERE b.id = due.id
    RETURNING b.workspace_id, b.kind
$$;

CREATE OR REPLACE FUNCTION begin_sign_up(
    new_id uuid, wanted_slug text, wanted_region text, secret bytea, key bytea, kms_name text, token bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT slug_is_free(begin_sign_up.wanted_slug) THEN
        RETURN 'taken';
    END IF;
    DELETE FROM sign_ups WHERE created_at < now() - interval '3 days' AND workspace_id IS NULL;
    INSERT INTO sign_ups (id, slug, region, sealed, wrapped, kms, token_hash, created_at)
    VALUES (new_id, begin_sign_up.wanted_slug, wanted_region, secret, key, kms_name, token, now());
    RETURN 'begun';
END
$$;

CREATE OR REPLACE FUNCTION verify_sign_up(token bytea, new_workspace uuid, new_host text) RETURNS text
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
    IF NOT slug_is_free(asked.slug) OR EXISTS (SELECT 1 FROM domains WHERE host = new_host) THEN
        RETURN 'taken';
    END IF;
    BEGIN
        INSERT INTO workspaces (id, slug, region, state, step, schema_version, plan, problem, created_at)
        VALUES (new_workspace, asked.slug, asked.region, 'pending', 'reserved', 0, 'trial', '', now());
        INSERT INTO domains (host, workspace_id, is_primary, verified_at)
        VALUES (new_host, new_workspace, true, now());
    EXCEPTION WHEN unique_violation THEN
        RETURN 'taken';
    END;
    UPDATE sign_ups SET workspace_id = new_workspace, verified_at = now() WHERE id = asked.id;
    PERFORM ring(new_workspace, 'provision', now());
    RETURN 'verified';
END
$$;

-- A schema's default privileges only add to the global ones: it takes the global form to leave PUBLIC nothing.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION door(text), slug_is_free(text), schedule_delete(uuid, timestamptz, text, bytea),
    cancel_delete(uuid), removal_by_token(bytea), ask_rename(uuid, text, text), domains_of(uuid),
    claim_domain(uuid, text, text), prove_domain(uuid, text, text), recheck_domain(uuid, text, boolean),
    drop_domain(uuid, text), prefer_domain(uuid, text) TO paitho_directory;
GRANT EXECUTE ON FUNCTION suspend_workspace(uuid, text), resume_workspace(uuid), slug_is_free(text),
    schedule_delete(uuid, timestamptz, text, bytea), cancel_delete(uuid), removal_by_token(bytea),
    ask_rename(uuid, text, text), domains_of(uuid), drop_domain(uuid, text), prefer_domain(uuid, text)
    TO paitho_ops;
GRANT SELECT ON removals, former_slugs, domain_claims TO paitho_ops;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_lifecycle")]
    operations = [migrations.RunSQL(FUNCTIONS, elidable=False)]
