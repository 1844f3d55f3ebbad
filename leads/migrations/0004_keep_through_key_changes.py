"""Expand: what a recipient said stays under a changed index key, too.

While `paitho.index_key_changed` is set in the transaction, a fingerprint may become another one, with the same
reason, and a row may go whose address the same reason covers under the new key already. Nothing else is let in.
"""

from django.db import migrations

KEEP = """
CREATE OR REPLACE FUNCTION suppressions_keep() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF current_setting('paitho.index_key_changed', true) = 'yes' THEN
        IF TG_OP = 'UPDATE' AND NEW.covers_domain = OLD.covers_domain AND NEW.reason = OLD.reason THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'Suppression % is what the recipient said; nobody else lifts it.', OLD.id
        USING ERRCODE = 'check_violation';
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_keep_what_recipients_said")]
    operations = [migrations.RunSQL([KEEP])]
