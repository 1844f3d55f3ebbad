"""Expand: changes of the workspace's own keys, and how far they are."""

import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("keychain", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyJob",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "work",
                    models.CharField(
                        choices=[
                            ("data", "New data key"),
                            ("index", "New index key"),
                            ("wraps", "Another KMS key"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("wanted", "Beginning"),
                            ("working", "Sealing again"),
                            ("sweeping", "Checking"),
                            ("retiring", "Deleting the old key"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="wanted",
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, help_text="Of the new key.")),
                (
                    "kms",
                    keychain.fields.SealedText(
                        default="", help_text="The KMS key to wrap with: an ARN, or empty for the cell's own."
                    ),
                ),
                (
                    "drops_at_once",
                    models.BooleanField(
                        default=False, help_text="Backups of before cannot be read after it."
                    ),
                ),
                (
                    "table",
                    models.CharField(blank=True, default="", help_text="Where it goes on,", max_length=63),
                ),
                ("after", models.UUIDField(help_text="after this row.", null=True)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                (
                    "fence_at",
                    models.DateTimeField(
                        help_text="From when on every process knows the new key.", null=True
                    ),
                ),
                (
                    "fence_xid",
                    models.BigIntegerField(
                        help_text="Older transactions may still use the old one.", null=True
                    ),
                ),
                (
                    "keeps_until",
                    models.DateTimeField(help_text="Backups need the old key until then.", null=True),
                ),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
                ("actor", keychain.fields.SealedJSON(help_text="{name, ip} of who asked")),
                ("started_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "key_jobs",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["done", "failed"]), _negated=True),
                        fields=("work",),
                        name="key_jobs_one_of_a_kind",
                    )
                ],
            },
        ),
    ]
