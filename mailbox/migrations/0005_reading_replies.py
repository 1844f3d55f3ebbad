"""Expand: what a reply wants, who says so, and how often a model was asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailbox", "0004_approved_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="intent",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="What a reply wants.", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="intent_by",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Who says so: rules, model or sandbox.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="intent_tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often a model was asked."
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("direction", "in"), ("intent_by", ""), ("kind", "reply")),
                fields=["at"],
                name="messages_unlabelled",
            ),
        ),
    ]
