"""The Celery application: beat's tick, and workers by queue (llm, mail, cpu, provision)."""

import os

from celery import Celery, signals

from paitho.lib.leaving import leaving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")

app = Celery("paitho")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tenants", "trust"])


@signals.worker_shutting_down.connect
def leave(**_: object) -> None:
    """Slices end after the calls that are under way, within the time that a stop is given."""
    leaving.set()


@signals.celeryd_init.connect
@signals.beat_init.connect
def report_errors(**_: object) -> None:
    """Workers and beat report as the web does; a process that only sends tasks does not."""
    from django.conf import settings

    from paitho import sentry

    sentry.start(settings.SENTRY_DSN)
