"""Expand: the append-only log, partitioned by month, with a trigger that refuses any rewrite.

The application's role is granted INSERT of named columns and SELECT (the table's comment tells
`tenants.structure` so); the triggers refuse UPDATE, DELETE and TRUNCATE to the owner as well, on the parent
and on each partition. A workspace begins without any: `audit_log_make_ahead` (migration 0007) makes a month when its
first line is written, and a year with the default partition when retention first runs, which is at once.
PostgreSQL reads all of `pg_constraint` for each partition that it makes: among a thousand workspaces a year of
them would be most of what a new one waits for.
"""

import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids

CREATE = """
CREATE TABLE audit_log (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    event varchar(40) NOT NULL,
    actor_id uuid NULL,
    about_id uuid NULL,
    details bytea NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at)
"""
COMMENT = "COMMENT ON TABLE audit_log IS 'paitho:append-only id,at,event,actor_id,about_id,details'"
INDEX = "CREATE INDEX audit_log_about ON audit_log (about_id, at)"
INDEX_AT = "CREATE INDEX audit_log_at ON audit_log (at)"
REFUSE = """
CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""
NO_REWRITE = (
    "CREATE TRIGGER audit_log_no_rewrite BEFORE UPDATE OR DELETE ON audit_log"
    " FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()"
)
NO_TRUNCATE = (
    "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="AuditRow",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=paitho.lib.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("event", models.CharField(max_length=40)),
                        ("actor_id", models.UUIDField(null=True)),
                        ("about_id", models.UUIDField(null=True)),
                        ("details", keychain.fields.SealedJSON()),
                    ],
                    options={"db_table": "audit_log"},
                ),
            ],
            database_operations=[
                # A list each: the statements hold semicolons of their own and are not to be split.
                migrations.RunSQL([CREATE, COMMENT, INDEX, INDEX_AT, REFUSE, NO_REWRITE, NO_TRUNCATE])
            ],
        ),
    ]
