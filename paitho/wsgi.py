"""The web process: apex and workspaces, by host."""

import os

from django.core.wsgi import get_wsgi_application

from paitho import sentry, settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")
settings.env.refuse_if_missing()
application = get_wsgi_application()
sentry.start(settings.SENTRY_DSN)
