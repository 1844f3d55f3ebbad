"""Expand: keys by the month for the audit log too, whose lines nobody can seal again."""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION add_month_key(owner uuid, what text, month integer, kms_name text, wrapped_key bytea)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)
    SELECT owner, what, month, kms_name, wrapped_key, now() WHERE what IN ('llm', 'audit')
    ON CONFLICT (workspace_id, purpose, version) DO NOTHING
$$;

CREATE FUNCTION drop_month_key(owner uuid, what text, month integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM wrapped_keys
        WHERE workspace_id = owner AND purpose = what AND version = month
          AND to_date(month::text, 'YYYYMM') + interval '1 month'
              + CASE what WHEN 'llm' THEN interval '90 days' WHEN 'audit' THEN interval '12 months' END < now()
        RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM gone)
$$;

REVOKE ALL ON FUNCTION add_month_key, drop_month_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION add_month_key, drop_month_key TO paitho_directory;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_backups")]

    operations = [
        migrations.AlterField(
            model_name="wrappedkey",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("login", "Login"),
                    ("data", "Data"),
                    ("index", "Index"),
                    ("llm", "Llm"),
                    ("audit", "Audit"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="wrappedkey",
            name="version",
            field=models.PositiveIntegerField(
                help_text="Counts up from 1; of monthly keys the month as YYYYMM."
            ),
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
