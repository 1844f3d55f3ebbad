"""The Celery application: beat's tick, and workers by queue (llm, mail, cpu, provision)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")

app = Celery("paitho")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tenants", "trust"])
