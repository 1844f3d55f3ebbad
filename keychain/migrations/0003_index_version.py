"""Expand: which version of the index key the workspace's blind indexes were made with."""

import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [("keychain", "0002_key_jobs")]

    operations = [
        migrations.CreateModel(
            name="IndexVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"db_table": "index_version"},
        ),
    ]
