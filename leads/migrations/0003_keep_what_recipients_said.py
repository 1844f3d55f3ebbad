"""Expand: what a recipient did stays, whatever code or person asks.

An opt-out, a complaint or an erasure is not deleted, not made a weaker reason and not moved to another address,
unless the transaction says that the recipient took it back: `paitho.taken_back` holds the row's id. That keeps
out mistakes and forgotten paths, not somebody who already runs SQL of their own as the workspace's login.
"""

from django.db import migrations

KEEP = """
CREATE FUNCTION suppressions_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ranks CONSTANT text[] := ARRAY['by_hand', 'bounce', 'complaint', 'opt_out', 'erasure'];
BEGIN
    IF OLD.reason NOT IN ('opt_out', 'complaint', 'erasure') THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.index = OLD.index AND NEW.covers_domain = OLD.covers_domain
       AND array_position(ranks, NEW.reason::text) >= array_position(ranks, OLD.reason::text) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND OLD.reason = 'opt_out'
       AND current_setting('paitho.taken_back', true) = OLD.id::text THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Suppression % is what the recipient said; nobody else lifts it.', OLD.id
        USING ERRCODE = 'check_violation';
END
$$
"""
BEFORE_CHANGE = """
CREATE TRIGGER suppressions_keep BEFORE UPDATE OR DELETE ON suppressions
FOR EACH ROW EXECUTE FUNCTION suppressions_keep()
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_saved_filters_and_listings")]
    operations = [migrations.RunSQL([KEEP, BEFORE_CHANGE])]
