"""Expand: a campaign that the month's limit paused knows when it may go on by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0005_sending_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="resumes_at",
            field=models.DateTimeField(
                blank=True, help_text="When a pause by the month's limit ends by itself.", null=True
            ),
        ),
    ]
