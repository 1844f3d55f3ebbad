"""Expand: saved filters, the order of changes, limits of enrichment, and sources that are read as a whole."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("keychain", "0001_initial"),
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email_index", models.BinaryField(max_length=32, null=True)),
                (
                    "other_index",
                    models.BinaryField(
                        help_text="Of name and company, or the phone.", max_length=32, null=True
                    ),
                ),
                ("fields", keychain.fields.SealedJSON()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "listings",
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", keychain.fields.SealedText()),
                (
                    "choice",
                    keychain.fields.SealedJSON(
                        help_text="What stands in the address: {q, standing, …, sort}"
                    ),
                ),
                ("made_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "saved_filters",
            },
        ),
        migrations.AddField(
            model_name="enrichmentoptin",
            name="fetched_at",
            field=models.DateTimeField(help_text="Of a source that is read as a whole.", null=True),
        ),
        migrations.AddField(
            model_name="enrichmentoptin",
            name="file_name",
            field=keychain.fields.SealedText(null=True),
        ),
        migrations.AddField(
            model_name="enrichmentoptin",
            name="most_a_month",
            field=models.PositiveIntegerField(help_text="Questions; none is no limit.", null=True),
        ),
        migrations.AddField(
            model_name="enrichmentoptin",
            name="wait_until",
            field=models.DateTimeField(help_text="When the provider asked for a pause.", null=True),
        ),
        migrations.AlterField(
            model_name="enrichment",
            name="provider",
            field=models.CharField(
                choices=[
                    ("apollo", "Apollo"),
                    ("rocketreach", "RocketReach"),
                    ("zoominfo", "ZoomInfo"),
                    ("indiamart", "IndiaMART"),
                    ("directory", "Local directory (HTTP)"),
                    ("file", "Local directory (CSV)"),
                ],
                max_length=12,
            ),
        ),
        # Django would take the foreign key off and put it on again, which a schema that is made in one go
        # refuses: the key is there already under the same name.
        migrations.RunSQL(
            "ALTER TABLE enrichment_opt_ins ALTER COLUMN credential_id DROP NOT NULL",
            state_operations=[
                migrations.AlterField(
                    model_name="enrichmentoptin",
                    name="credential",
                    field=models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="keychain.credential",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["updated_at", "id"], name="leads_changed"),
        ),
        migrations.AddField(
            model_name="listing",
            name="opt_in",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="listings",
                to="leads.enrichmentoptin",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(fields=["opt_in", "email_index"], name="listings_address"),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(fields=["opt_in", "other_index"], name="listings_other"),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(fields=["email_index"], name="listings_of_a_person"),
        ),
    ]
