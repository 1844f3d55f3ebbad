"""Expand: the narrow functions by which the web and the jobs write what visitors leave and probes find."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

FUNCTIONS = """
UPDATE changelog_entries SET told_at = now();

CREATE FUNCTION record_probe(which text, found text, words text, happened timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO component_states AS s (component, state, note, probed_at, since)
    VALUES (which, found, left(words, 160), happened, happened)
    ON CONFLICT (component) DO UPDATE SET
        since = CASE WHEN s.state = excluded.state THEN s.since ELSE excluded.since END,
        state = excluded.state, note = excluded.note, probed_at = excluded.probed_at
        WHERE s.probed_at <= excluded.probed_at;
    INSERT INTO component_days AS d (component, day, operational, degraded, outage)
    VALUES (which, (happened AT TIME ZONE 'UTC')::date, (found = 'operational')::int,
            (found = 'degraded')::int, (found = 'outage')::int)
    ON CONFLICT (component, day) DO UPDATE SET
        operational = d.operational + excluded.operational,
        degraded = d.degraded + excluded.degraded, outage = d.outage + excluded.outage
$$;

-- How long the oldest due work of each kind has waited, in seconds; a lease that ended waits since then.
CREATE FUNCTION bell_lags() RETURNS TABLE (kind text, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT b.kind, max(extract(epoch FROM clock_timestamp() - coalesce(b.claimed_until, b.due_at)))
    FROM bells b JOIN workspaces w ON w.id = b.workspace_id
    WHERE ((b.claimed_until IS NULL AND b.due_at <= clock_timestamp())
           OR b.claimed_until < clock_timestamp())
      AND (w.state = 'active' OR b.kind = 'provision')
    GROUP BY b.kind
$$;

CREATE FUNCTION begin_subscription(
    new_id uuid, secret bytea, key bytea, kms_name text, address bytea, token bytea, changes boolean,
    status boolean
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known subscribers%ROWTYPE;
BEGIN
    DELETE FROM subscribers WHERE confirmed_at IS NULL AND created_at < now() - interval '3 days';
    SELECT * INTO known FROM subscribers WHERE address_hash = address FOR UPDATE;
    IF FOUND AND known.confirmed_at IS NOT NULL AND (known.wants_changes OR NOT changes)
       AND (known.wants_status OR NOT status) THEN
        RETURN 'known';
    END IF;
    -- A wish counts once it is confirmed: until then a confirmed subscription stays as it is.
    DELETE FROM subscribers WHERE address_hash = address AND confirmed_at IS NULL;
    IF EXISTS (SELECT 1 FROM subscribers WHERE address_hash = address) THEN
        address := sha256(address || '\\x01'::bytea);
        DELETE FROM subscribers WHERE address_hash = address;
    END IF;
    INSERT INTO subscribers (id, sealed, wrapped, kms, created_at, address_hash, token_hash, wants_changes,
                             wants_status)
    VALUES (new_id, secret, key, kms_name, now(), address, token, changes, status);
    RETURN 'begun';
END
$$;

CREATE FUNCTION confirm_subscription(token bytea, address bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asked subscribers%ROWTYPE;
BEGIN
    SELECT * INTO asked FROM subscribers
    WHERE token_hash = token AND (confirmed_at IS NOT NULL OR created_at > now() - interval '3 days')
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    DELETE FROM subscribers WHERE address_hash = address AND id <> asked.id;
    UPDATE subscribers SET confirmed_at = coalesce(confirmed_at, now()), address_hash = address
    WHERE id = asked.id;
    RETURN 'confirmed';
END
$$;

CREATE FUNCTION subscription_by_token(token bytea)
RETURNS TABLE (id uuid, sealed bytea, wrapped bytea, kms text, wants_changes boolean, wants_status boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, sealed, wrapped, kms, wants_changes, wants_status FROM subscribers
    WHERE token_hash = token AND (confirmed_at IS NOT NULL OR created_at > now() - interval '3 days')
$$;

CREATE FUNCTION end_subscription(wanted uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM letters WHERE subscriber_id = wanted;
    DELETE FROM subscribers WHERE id = wanted
$$;

-- A letter for each subscriber who wants to hear of it, once; an entry that was told is not told again.
CREATE FUNCTION fan_out_letters() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH news AS (
        UPDATE changelog_entries SET told_at = now()
        WHERE published_at IS NOT NULL AND told_at IS NULL
        RETURNING 'entry:' || id AS about, true AS is_change
    ), stories AS (
        UPDATE incident_updates SET told_at = now() WHERE told_at IS NULL
        RETURNING 'update:' || id AS about, false AS is_change
    ), plans AS (
        UPDATE maintenance_windows SET told_at = now()
        WHERE told_at IS NULL AND cancelled_at IS NULL AND ends_at > now()
        RETURNING 'maintenance:' || id AS about, false AS is_change
    ), everything AS (SELECT * FROM news UNION ALL SELECT * FROM stories UNION ALL SELECT * FROM plans)
    INSERT INTO letters (subscriber_id, about, due_at, attempts)
    SELECT s.id, e.about, now(), 0 FROM everything e CROSS JOIN subscribers s
    WHERE s.confirmed_at IS NOT NULL AND CASE WHEN e.is_change THEN s.wants_changes ELSE s.wants_status END
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION claim_letters(at_most integer)
RETURNS TABLE (id bigint, about text, subscriber uuid, sealed bytea, wrapped bytea, kms text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT l.id FROM letters l WHERE l.sent_at IS NULL AND l.due_at <= clock_timestamp() AND l.attempts < 8
        ORDER BY l.due_at LIMIT at_most FOR UPDATE SKIP LOCKED
    )
    UPDATE letters l SET attempts = l.attempts + 1,
        due_at = clock_timestamp() + interval '5 minutes' * power(2, l.attempts)
    FROM due, subscribers s WHERE l.id = due.id AND s.id = l.subscriber_id
    RETURNING l.id, l.about, s.id, s.sealed, s.wrapped, s.kms
$$;

CREATE FUNCTION settle_letter(wanted bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE letters SET sent_at = clock_timestamp() WHERE id = wanted
$$;

-- Whose owners have to hear of which change; the claim ends after ten minutes, and is then another's.
CREATE FUNCTION claim_tellings(at_most integer) RETURNS TABLE (workspace uuid, entry bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO tellings AS t (workspace_id, entry_id, at)
    SELECT w.id, e.id, clock_timestamp() FROM changelog_entries e CROSS JOIN workspaces w
    LEFT JOIN tellings known ON known.workspace_id = w.id AND known.entry_id = e.id
    WHERE e.kind = 'sub_processor' AND e.published_at > w.created_at AND w.state = 'active'
      AND (known.id IS NULL OR (known.told_at IS NULL AND known.at < clock_timestamp() - interval '10 minutes'))
    ORDER BY e.published_at, w.id LIMIT at_most
    ON CONFLICT (workspace_id, entry_id) DO UPDATE SET at = excluded.at
        WHERE t.told_at IS NULL AND t.at < clock_timestamp() - interval '10 minutes'
    RETURNING t.workspace_id, t.entry_id
$$;

CREATE FUNCTION settle_telling(wanted uuid, which bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE tellings SET told_at = clock_timestamp() WHERE workspace_id = wanted AND entry_id = which
$$;

CREATE FUNCTION add_dpa_request(new_id uuid, secret bytea, key bytea, kms_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO dpa_requests (id, sealed, wrapped, kms, created_at)
    VALUES (new_id, secret, key, kms_name, now())
$$;

CREATE FUNCTION unsent_dpa_requests() RETURNS TABLE (id uuid, sealed bytea, wrapped bytea, kms text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, sealed, wrapped, kms FROM dpa_requests WHERE sent_at IS NULL ORDER BY created_at LIMIT 20
$$;

CREATE FUNCTION dpa_request_sent(wanted uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE dpa_requests SET sent_at = now() WHERE id = wanted
$$;

CREATE FUNCTION begin_search(new_id uuid, secret bytea, key bytea, kms_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO workspace_searches (id, sealed, wrapped, kms, created_at, after, found, due_at)
    VALUES (new_id, secret, key, kms_name, now(), '', '{}', now())
$$;

CREATE FUNCTION claim_search()
RETURNS TABLE (id uuid, sealed bytea, wrapped bytea, kms text, after text, found text[])
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE workspace_searches s SET due_at = clock_timestamp() + interval '2 minutes'
    WHERE s.id = (SELECT id FROM workspace_searches WHERE due_at <= clock_timestamp()
                  ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING s.id, s.sealed, s.wrapped, s.kms, s.after::text, s.found::text[]
$$;

CREATE FUNCTION slugs_after(known text, at_most integer) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT slug::text FROM workspaces WHERE state = 'active' AND slug > known ORDER BY slug LIMIT at_most
$$;

CREATE FUNCTION advance_search(wanted uuid, reached text, so_far text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE workspace_searches SET after = reached, found = so_far, due_at = clock_timestamp()
    WHERE id = wanted
$$;

CREATE FUNCTION finish_search(wanted uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM workspace_searches WHERE id = wanted
$$;

-- What the inventory promises of these tables.
CREATE FUNCTION forget_old() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM letters WHERE coalesce(sent_at, due_at) < now() - interval '90 days';
    DELETE FROM subscribers WHERE confirmed_at IS NULL AND created_at < now() - interval '3 days';
    DELETE FROM sign_ups WHERE workspace_id IS NULL AND created_at < now() - interval '3 days';
    DELETE FROM workspace_searches WHERE created_at < now() - interval '1 day';
    DELETE FROM dpa_requests WHERE created_at < now() - interval '12 months';
    DELETE FROM component_days WHERE day < (now() AT TIME ZONE 'UTC')::date - 90;
    DELETE FROM tellings t WHERE NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = t.workspace_id)
$$;

GRANT EXECUTE ON FUNCTION record_probe(text, text, text, timestamptz), bell_lags(),
    begin_subscription(uuid, bytea, bytea, text, bytea, bytea, boolean, boolean),
    confirm_subscription(bytea, bytea), subscription_by_token(bytea), end_subscription(uuid),
    fan_out_letters(), claim_letters(integer), settle_letter(bigint), claim_tellings(integer),
    settle_telling(uuid, bigint), add_dpa_request(uuid, bytea, bytea, text), unsent_dpa_requests(),
    dpa_request_sent(uuid), begin_search(uuid, bytea, bytea, text), claim_search(),
    slugs_after(text, integer), advance_search(uuid, text, text[]), finish_search(uuid), forget_old()
    TO paitho_directory;
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0002_promises_in_the_database")]
    operations = [
        # A workspace's rows are deleted by plain SQL; what was told to its owners goes with the next clean-up.
        migrations.AlterField(
            model_name="telling",
            name="workspace",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.workspace",
            ),
        ),
        migrations.AlterField(
            model_name="telling",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="When it was taken up."),
        ),
        migrations.AddField(
            model_name="telling", name="told_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunSQL(FUNCTIONS, elidable=False),
    ]
