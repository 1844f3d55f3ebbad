"""Expand: each line's own hash beside it, so that sealing opens no line. Lines from before have none.

No CHECK looks at its length: PostgreSQL would read the constraint anew for each line, and a wrong hash is found
by whoever verifies the log.
"""

from django.db import migrations

import audit.models

COLUMN = "ALTER TABLE audit_log ADD COLUMN hash bytea NULL"
COMMENT = "COMMENT ON TABLE audit_log IS 'paitho:append-only id,at,event,actor_id,about_id,details,hash'"


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_months_ahead")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="auditrow",
                    name="hash",
                    field=audit.models.LineHash(max_length=32, null=True),
                ),
            ],
            database_operations=[migrations.RunSQL([COLUMN, COMMENT])],
        ),
    ]
