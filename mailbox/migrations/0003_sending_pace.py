"""Expand: how fast a mailbox may send, who reads it, and what is known of each mail's copy in Sent."""

from django.db import migrations, models

import keychain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("mailbox", "0002_refuse_suppressed"),
    ]

    operations = [
        migrations.AddField(
            model_name="folder",
            name="listed_at",
            field=models.DateTimeField(blank=True, help_text="When the server last named it.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="claimed_count",
            field=models.PositiveIntegerField(default=0, help_text="Mails claimed on that day."),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="claimed_on",
            field=models.DateField(blank=True, help_text="The day (UTC) that is counted.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="consent_ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="deliverability",
            field=keychain.fields.SealedJSON(
                help_text="What its domain says to receiving servers.", null=True
            ),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="deliverability_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="failures",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Troubles in a row, for the back-off."
            ),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="news_at",
            field=models.DateTimeField(
                blank=True, help_text="The server said that there is news.", null=True
            ),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="next_at",
            field=models.DateTimeField(blank=True, help_text="Nothing leaves before.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="paused_because",
            field=models.CharField(blank=True, default="", help_text="person or bounces", max_length=8),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="ramp_began",
            field=models.DateField(blank=True, help_text="None: there is no ramp-up.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="ramp_first",
            field=models.PositiveIntegerField(default=0, help_text="Mails on the first day of the ramp-up."),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="ramp_step",
            field=models.PositiveIntegerField(default=0, help_text="More mails on each day after it."),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="read_failures",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="reading_until",
            field=models.DateTimeField(blank=True, help_text="Nobody else reads it before.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="sent_read_at",
            field=models.DateTimeField(blank=True, help_text="When its Sent was looked through.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="server_files_sent",
            field=models.BooleanField(help_text="Whether its server fills Sent by itself.", null=True),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="vendor",
            field=models.CharField(
                blank=True, default="", help_text="Whose consent opens it.", max_length=12
            ),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="watched_until",
            field=models.DateTimeField(blank=True, help_text="Somebody waits in it (IDLE).", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="closes_at",
            field=models.DateTimeField(blank=True, help_text="The end of its sending window.", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="filed_at",
            field=models.DateTimeField(blank=True, help_text="When its copy in Sent was seen.", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="is_unreadable",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="message",
            name="looked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="looks",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="How often it was looked for in Sent."
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("delivery", "scheduled")),
                fields=["mailbox", "due_at"],
                name="messages_next",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    ("delivery__in", ["sent", "sending", "uncertain"]),
                    ("direction", "out"),
                    ("filed_at", None),
                ),
                fields=["mailbox", "at"],
                name="messages_unsettled",
            ),
        ),
    ]
