"""Expand: a mail that leaves names who approved it, or who wrote it by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailbox", "0003_sending_pace"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="approved_by",
            field=models.UUIDField(help_text="Who approved it, or wrote and sent it by hand.", null=True),
        ),
    ]
