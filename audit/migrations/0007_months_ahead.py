"""Expand: `audit_log_make_ahead` makes the default partition too, and may be called by two at once.

A month of which the default partition holds lines already stays there: those lines cannot be moved.
"""

from django.db import migrations

AHEAD = """
CREATE OR REPLACE FUNCTION audit_log_make_ahead(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    month date := date_trunc('month', now())::date;
    test text := (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                  WHERE polrelid = 'audit_log'::regclass AND polname = 'only_this_workspace');
    name text;
    of_what text;
    made integer := 0;
BEGIN
    FOR name, of_what IN
        SELECT 'audit_log_' || to_char(first, 'YYYYMM'),
               format('FOR VALUES FROM (%L) TO (%L)', first::date, (first + interval '1 month')::date)
        FROM generate_series(month, month + interval '1 month' * least(months, 24), interval '1 month') first
        UNION ALL SELECT 'audit_log_other', 'DEFAULT'
    LOOP
        CONTINUE WHEN to_regclass(format('%I.%I', current_schema(), name)) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit_log %s', name, of_what);
        EXCEPTION WHEN check_violation OR duplicate_table THEN
            CONTINUE;  -- the default partition holds lines of it, or another session was faster
        END;
        EXECUTE format('CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        IF test IS NOT NULL THEN
            EXECUTE format('CREATE POLICY only_this_workspace ON %I USING (%s) WITH CHECK (%s)', name, test, test);
        END IF;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_one_index_less")]
    operations = [migrations.RunSQL([AHEAD])]
