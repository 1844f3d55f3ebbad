"""Expand: a report for each run of the retention job."""

import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seals")]
    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("took_ms", models.PositiveIntegerField(default=0)),
                ("report", models.JSONField(default=dict, help_text="{rule: count}")),
            ],
            options={
                "db_table": "retention_runs",
                "indexes": [models.Index(fields=["-at"], name="retention_runs_newest")],
            },
        ),
    ]
