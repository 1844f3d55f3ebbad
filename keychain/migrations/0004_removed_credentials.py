"""Expand: a credential that was removed and came back with a restore holds no secret, and says since when."""

from django.db import migrations, models

import keychain.fields


class Migration(migrations.Migration):
    dependencies = [("keychain", "0003_index_version")]

    operations = [
        migrations.AlterField("credential", "secret", keychain.fields.SealedSecret(null=True)),
        migrations.AddField(
            "credential",
            "removed_at",
            models.DateTimeField(
                blank=True, null=True, help_text="It came back with a restore, without its secret."
            ),
        ),
    ]
