"""Expand: the details of a line are sealed under its month's key; nothing changes in the table."""

from django.db import migrations

import keychain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_audit_log"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditrow",
            name="details",
            field=keychain.fields.SealedJSON(purpose="audit"),
        ),
    ]
