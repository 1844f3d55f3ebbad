"""Expand: a server for its errors that a workspace on a paid plan names; the plan is asked each time."""

import django.db.models.deletion
from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION error_server_of(wanted uuid, paid text[]) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.dsn FROM error_servers e JOIN workspaces w ON w.id = e.workspace_id
    WHERE e.workspace_id = wanted AND w.plan = ANY (paid)
$$;

CREATE FUNCTION set_error_server(wanted uuid, new_dsn text, paid text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF new_dsn = '' THEN
        DELETE FROM error_servers WHERE workspace_id = wanted;
        RETURN true;
    END IF;
    INSERT INTO error_servers (workspace_id, dsn)
    SELECT id, new_dsn FROM workspaces WHERE id = wanted AND plan = ANY (paid)
    ON CONFLICT (workspace_id) DO UPDATE SET dsn = excluded.dsn;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION error_server_of(uuid, text[]), set_error_server(uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION error_server_of(uuid, text[]), set_error_server(uuid, text, text[])
    TO paitho_directory;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_domains_ring")]
    operations = [
        migrations.CreateModel(
            name="ErrorServer",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="tenants.workspace",
                    ),
                ),
                ("dsn", models.CharField(max_length=400)),
            ],
            options={"db_table": "error_servers"},
        ),
        migrations.RunSQL(FUNCTIONS, elidable=False),
    ]
