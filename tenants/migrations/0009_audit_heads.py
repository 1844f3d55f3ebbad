"""Expand: the seals' hashes outside the workspace, so that a rewritten schema does not match what was published.

Web and workers add a hash and read it back. Nobody below the owner changes one.
"""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION publish_seal(of_workspace uuid, seal bigint, its_hash bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit_heads (workspace_id, number, hash, published_at)
    VALUES (of_workspace, seal, its_hash, clock_timestamp())
    ON CONFLICT (workspace_id, number) DO NOTHING
$$;

CREATE FUNCTION published_seals(of_workspace uuid) RETURNS TABLE (number bigint, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT number, hash FROM audit_heads WHERE workspace_id = of_workspace ORDER BY number
$$;

REVOKE ALL ON FUNCTION publish_seal, published_seals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION publish_seal, published_seals TO paitho_directory;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_error_servers")]
    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_heads",
                "constraints": [
                    models.UniqueConstraint(fields=["workspace_id", "number"], name="audit_heads_once")
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, elidable=False),
    ]
