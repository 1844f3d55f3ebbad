"""Project package: settings, URLs, processes."""

from paitho.celery import app as celery_app

__all__ = ["celery_app"]
