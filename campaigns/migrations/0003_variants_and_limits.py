"""Expand: two briefs to compare, caps in tokens and a month, and who wrote a version by hand."""

import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_forget_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SpendingLimit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "monthly_micros",
                    models.BigIntegerField(help_text="In millionths of a US dollar.", null=True),
                ),
                ("monthly_tokens", models.BigIntegerField(null=True)),
                ("changed_by", models.UUIDField(null=True)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "spending_limits",
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="brief_b",
            field=keychain.fields.SealedJSON(
                help_text="goal, offer, tone of the other half, where two are compared.", null=True
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="token_budget",
            field=models.BigIntegerField(help_text="Cap on tokens read and written.", null=True),
        ),
        migrations.AddField(
            model_name="draft",
            name="written",
            field=keychain.fields.SealedJSON(
                help_text="{subject, body} as the model wrote them, once a person edits.", null=True
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="edited_by",
            field=models.UUIDField(help_text="Who wrote this version, where a person did.", null=True),
        ),
        migrations.AddField(
            model_name="enrollment",
            name="variant",
            field=models.CharField(
                db_default="a", default="a", help_text="Which of the campaign's two briefs.", max_length=1
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="audience",
            field=models.JSONField(
                default=dict, help_text="{label}: a list's or tag's id; {} is everyone open."
            ),
        ),
    ]
