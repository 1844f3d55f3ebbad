"""Expand: the exports that owners ask for."""

import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids

STATES = [
    ("asked", "Waiting"),
    ("running", "Being made"),
    ("ready", "Ready"),
    ("failed", "Failed"),
    ("ended", "Deleted"),
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_retention_runs")]
    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("state", models.CharField(choices=STATES, default="asked", max_length=8)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "place",
                    models.CharField(
                        blank=True, default="", help_text="The directory or bucket.", max_length=300
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, default="", help_text="The file's name there.", max_length=200
                    ),
                ),
                ("key", keychain.fields.SealedBytes(null=True)),
                ("size", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("downloaded_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
            ],
            options={
                "db_table": "exports",
                "indexes": [models.Index(fields=["-asked_at"], name="exports_newest")],
            },
        ),
    ]
