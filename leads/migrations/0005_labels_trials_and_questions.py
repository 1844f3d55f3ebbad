"""Expand: who labelled many, reminders of data requests, dry runs of whole files, questions about many leads."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import keychain.fields
import paitho.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_keep_through_key_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulk",
            name="found",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Answers that know something."
            ),
        ),
        migrations.AddField(
            model_name="bulk",
            name="problem",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="bulk",
            name="source",
            field=models.CharField(
                blank=True,
                choices=[
                    ("apollo", "Apollo"),
                    ("rocketreach", "RocketReach"),
                    ("zoominfo", "ZoomInfo"),
                    ("indiamart", "IndiaMART"),
                    ("directory", "Local directory (HTTP)"),
                    ("file", "Local directory (CSV)"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="job",
            field=models.ForeignKey(
                help_text="If many were asked about.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="answers",
                to="leads.bulk",
            ),
        ),
        migrations.AddField(
            model_name="labelled",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                help_text="Where it was put on many leads at once; one alone has an audit line of its own.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.bulk",
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="reminded",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How many reminders owners have had."
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="bulk",
            name="action",
            field=models.CharField(
                choices=[
                    ("label", "Label"),
                    ("unlabel", "Take the label off"),
                    ("suppress", "Suppress"),
                    ("delete", "Delete"),
                    ("enrich", "Enrich"),
                    ("apply", "Take answers over"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="bulk",
            name="choice",
            field=keychain.fields.SealedJSON(help_text="{ids}, {filter} or {answers_of}: which leads"),
        ),
        migrations.AlterField(
            model_name="labelled",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="labelled", to="leads.lead"
            ),
        ),
        migrations.CreateModel(
            name="ImportTrial",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("imported", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("duplicates", models.PositiveIntegerField(default=0)),
                ("suppressed", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("blank", models.PositiveIntegerField(default=0)),
                (
                    "place",
                    models.JSONField(help_text="[byte, row] at which the next batch begins.", null=True),
                ),
                (
                    "refused",
                    keychain.fields.SealedJSON(
                        default=list, help_text="[[row, what it says, why not], …]: a few of each reason."
                    ),
                ),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="trial", to="leads.import"
                    ),
                ),
            ],
            options={
                "db_table": "import_trials",
            },
        ),
        migrations.CreateModel(
            name="ImportTrialSeen",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.BigIntegerField()),
                (
                    "trial",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seen",
                        to="leads.importtrial",
                    ),
                ),
            ],
            options={
                "db_table": "import_trial_seen",
                "constraints": [
                    models.UniqueConstraint(fields=("trial", "fingerprint"), name="import_trial_seen_once")
                ],
            },
        ),
    ]
