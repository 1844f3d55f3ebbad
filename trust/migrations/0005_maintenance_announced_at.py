"""Expand: when a maintenance window was announced, which is what its entry in the feed is dated by."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("trust", "0004_backups_component")]

    operations = [
        migrations.AddField(
            "maintenance", "announced_at", models.DateTimeField(db_default=Now(), editable=False)
        ),
    ]
