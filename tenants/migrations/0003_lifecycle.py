"""Expand: what a workspace's life needs: reasons, a grace, a new name, receipts, domains of its own."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_directory_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.UUIDField(help_text="The workspace's.", primary_key=True, serialize=False)),
                ("slug", models.CharField(max_length=31)),
                ("region", models.CharField(max_length=12)),
                (
                    "asked_by",
                    models.CharField(help_text="owner or operator: no name is kept.", max_length=12),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "token_hash",
                    models.BinaryField(help_text="Of the link that shows it.", null=True, unique=True),
                ),
                ("rows", models.JSONField(default=dict, help_text="How many rows each table held.")),
                ("keys", models.PositiveIntegerField(default=0)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("backups_gone_by", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "removals",
            },
        ),
        migrations.AddField(
            model_name="domain",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="kind",
            field=models.CharField(
                choices=[("slug", "Slug"), ("former", "Former"), ("custom", "Custom")],
                db_default="slug",
                default="slug",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="missing_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="proof",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="workspace",
            name="delete_after",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="reason",
            field=models.TextField(blank=True, db_default="", default="", help_text="Why it is suspended."),
        ),
        migrations.AddField(
            model_name="workspace",
            name="wanted_slug",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="A new name that was asked for.",
                max_length=31,
            ),
        ),
        migrations.AddField(
            model_name="workspace",
            name="was",
            field=models.CharField(
                blank=True,
                choices=[
                    ("pending", "Pending"),
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("deleting", "Deleting"),
                    ("deleted", "Deleted"),
                ],
                db_default="",
                default="",
                help_text="Before deleting.",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="FormerSlug",
            fields=[
                ("slug", models.CharField(max_length=31, primary_key=True, serialize=False)),
                ("free_after", models.DateTimeField(blank=True, null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="tenants.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "former_slugs",
            },
        ),
        migrations.CreateModel(
            name="DomainClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=253)),
                ("proof", models.CharField(help_text="What the TXT record has to say.", max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="tenants.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "domain_claims",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "host"), name="domain_claims_one_per_host")
                ],
            },
        ),
    ]
