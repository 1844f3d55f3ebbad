"""The operators' console: a process of its own, on a port of its own."""

import os

from django.core.wsgi import get_wsgi_application

from paitho.settings_ops import env

os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings_ops"
env.refuse_if_missing()
application = get_wsgi_application()
