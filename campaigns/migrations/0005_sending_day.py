"""Expand and contract: a campaign's day ends where its sender is; no release has counted days by the date."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_sending_pace"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="campaign",
            name="claimed_on",
        ),
        migrations.AddField(
            model_name="campaign",
            name="day_ends_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the day that is counted ends: midnight where the sender is.",
                null=True,
            ),
        ),
    ]
