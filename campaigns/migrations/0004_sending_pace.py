"""Expand: a campaign counts its own mails of a day, so that its cap is one look at its row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_variants_and_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="claimed_count",
            field=models.PositiveIntegerField(default=0, help_text="Mails claimed on that day."),
        ),
        migrations.AddField(
            model_name="campaign",
            name="claimed_on",
            field=models.DateField(blank=True, help_text="The day (UTC) that is counted.", null=True),
        ),
    ]
