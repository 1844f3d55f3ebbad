"""Expand: what was backed up and when it ends, rehearsals of a restore, and a bell for each nightly backup.

The backup login writes by narrow functions; web and workers may only read what concerns one workspace, or
what the status page says of all of them.
"""

import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids

FUNCTIONS = """
CREATE FUNCTION record_backup(
    new_id uuid, of_workspace uuid, at_place text, called text, made timestamptz, bytes bigint,
    row_count bigint, version integer, took integer, expires timestamptz
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO backups (id, workspace_id, place, name, made_at, size, rows, schema_version, duration_ms,
                         expires_at)
    VALUES (new_id, of_workspace, at_place, called, made, bytes, row_count, version, took, expires)
$$;

-- A backup is marked as deleted once, when its file is gone.
CREATE FUNCTION backup_deleted(wanted uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE backups SET deleted_at = clock_timestamp() WHERE id = wanted AND deleted_at IS NULL
$$;

CREATE FUNCTION record_drill(
    new_id uuid, of_workspace uuid, backup_made timestamptz, took integer, row_count bigint, ok boolean,
    told text
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO restore_drills (id, at, workspace_id, backup_made_at, duration_ms, rows, passed, detail)
    VALUES (new_id, clock_timestamp(), of_workspace, backup_made, took, row_count, ok, told)
$$;

CREATE FUNCTION backups_of(wanted uuid) RETURNS SETOF backups
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM backups WHERE workspace_id IS NOT DISTINCT FROM wanted AND deleted_at IS NULL
    ORDER BY made_at DESC
$$;

-- Of all workspaces that are in use: how many have no backup of the last day and a half, and the oldest's age.
CREATE FUNCTION backup_age(OUT workspaces bigint, OUT late bigint, OUT oldest timestamptz, OUT newest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*), count(*) FILTER (WHERE coalesce(last, w.created_at) < now() - interval '36 hours'),
           min(last), max(last)
    FROM workspaces w
    LEFT JOIN LATERAL (
        SELECT max(made_at) AS last FROM backups b WHERE b.workspace_id = w.id AND b.deleted_at IS NULL
    ) b ON true
    WHERE w.state IN ('active', 'suspended')
$$;

CREATE FUNCTION last_drill() RETURNS TABLE (at timestamptz, duration_ms integer, row_count bigint, passed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT at, duration_ms, rows, passed FROM restore_drills ORDER BY at DESC LIMIT 1
$$;

REVOKE ALL ON FUNCTION record_backup, backup_deleted, record_drill, backups_of, backup_age, last_drill FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_backup, backup_deleted, record_drill TO paitho_backup;
GRANT EXECUTE ON FUNCTION backups_of, backup_age, last_drill TO paitho_directory, paitho_backup, paitho_ops;
GRANT SELECT ON backups, restore_drills TO paitho_ops;

INSERT INTO bells (workspace_id, kind, due_at)
SELECT id, kind, now() + interval '1 hour' * (1 + random())
FROM workspaces, (VALUES ('backup'), ('retention'), ('seal')) AS always (kind)
WHERE state IN ('active', 'suspended')
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_lifecycle_functions")]
    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField(null=True)),
                ("place", models.TextField(help_text="The directory or bucket.")),
                ("name", models.TextField(help_text="The file's name there.")),
                ("made_at", models.DateTimeField()),
                ("size", models.BigIntegerField()),
                ("rows", models.BigIntegerField()),
                ("schema_version", models.PositiveIntegerField()),
                ("duration_ms", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "backups",
                "indexes": [models.Index(fields=["workspace_id", "-made_at"], name="backups_newest")],
            },
        ),
        migrations.CreateModel(
            name="RestoreDrill",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("workspace_id", models.UUIDField()),
                ("backup_made_at", models.DateTimeField(null=True)),
                ("duration_ms", models.PositiveIntegerField()),
                ("rows", models.BigIntegerField()),
                ("passed", models.BooleanField()),
                ("detail", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "restore_drills",
                "indexes": [models.Index(fields=["-at"], name="restore_drills_newest")],
            },
        ),
        migrations.RunSQL(FUNCTIONS, elidable=False),
    ]
