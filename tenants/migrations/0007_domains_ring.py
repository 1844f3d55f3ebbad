"""Expand: a verified host of a workspace's own is looked at again: its upkeep's bell rings."""

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION prove_domain(wanted uuid, claimed text, shown text) RETURNS text
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
    PERFORM ring(wanted, 'provision', now() + interval '1 day');
    RETURN 'verified';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_month_keys")]
    operations = [migrations.RunSQL(FUNCTIONS, elidable=False)]
