"""Expand: one more column on the table of leads."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = [("leads", "__first__")]
    operations = [migrations.RunSQL("ALTER TABLE leads ADD COLUMN measured integer NOT NULL DEFAULT 0")]
