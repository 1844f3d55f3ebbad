"""The operators' console: a process of its own, on a port of its own."""

import os

from django.core.wsgi import get_wsgi_application

from paitho import sentry, settings_ops

os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings_ops"
settings_ops.env.refuse_if_missing()
application = get_wsgi_application()
sentry.start(settings_ops.SENTRY_DSN)
