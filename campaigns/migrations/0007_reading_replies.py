"""Expand: whether a model of the workspace may read replies; its calls are in the log of calls."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0006_resumes_at"),
        ("keychain", "0003_index_version"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stagerun",
            name="stage",
            field=models.CharField(
                choices=[
                    ("enrolled", "Enrolled"),
                    ("qualifying", "Qualifying"),
                    ("disqualified", "Not a fit"),
                    ("drafting", "Drafting"),
                    ("auditing", "Auditing"),
                    ("in_review", "In review"),
                    ("approved", "Approved"),
                    ("scheduled", "Scheduled"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("uncertain", "Uncertain"),
                    ("stopped", "Stopped"),
                    ("failed", "Failed"),
                    ("reading", "Reading a reply"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="ReplyReader",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("is_on", models.BooleanField(default=False)),
                ("model", models.CharField(blank=True, default="", max_length=80)),
                (
                    "on_since",
                    models.DateTimeField(help_text="Replies that came before are left alone.", null=True),
                ),
                ("changed_by", models.UUIDField(null=True)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="keychain.credential",
                    ),
                ),
            ],
            options={
                "db_table": "reply_readers",
            },
        ),
    ]
