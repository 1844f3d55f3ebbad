"""Expand: when the second factor was last proved in a session, and the event that says so."""

from django.db import migrations, models

import operators.events


class Migration(migrations.Migration):
    dependencies = [("operators", "0002_console_grants")]

    operations = [
        migrations.AddField(
            "session",
            "proved_at",
            models.DateTimeField(help_text="When the second factor was last proved in it.", null=True),
        ),
        migrations.AlterField(
            "operation", "event", models.CharField(choices=operators.events.Event.choices, max_length=40)
        ),
    ]
