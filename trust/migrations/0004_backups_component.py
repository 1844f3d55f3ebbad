"""Expand: backups are a component of the status page; the choices change, the columns do not."""

import django.contrib.postgres.fields
from django.db import migrations, models

COMPONENTS = [
    ("web", "Web pages"),
    ("database", "Database"),
    ("redis", "Queue store"),
    ("workers", "Workers"),
    ("queue", "Background work"),
    ("sync", "Reading mail"),
    ("send", "Sending mail"),
    ("kms", "Key management"),
    ("backups", "Backups"),
]


def several() -> object:
    one = models.CharField(choices=COMPONENTS, max_length=16)
    return django.contrib.postgres.fields.ArrayField(base_field=one, blank=True, default=list, size=None)


class Migration(migrations.Migration):
    dependencies = [("trust", "0003_functions")]
    operations = [
        migrations.AlterField(
            model_name="componentday",
            name="component",
            field=models.CharField(choices=COMPONENTS, max_length=16),
        ),
        migrations.AlterField(
            model_name="componentstate",
            name="component",
            field=models.CharField(choices=COMPONENTS, max_length=16, primary_key=True, serialize=False),
        ),
        migrations.AlterField(model_name="incident", name="components", field=several()),
        migrations.AlterField(model_name="maintenance", name="components", field=several()),
    ]
