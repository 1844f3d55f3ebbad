"""The web process: apex and workspaces, by host."""

import os

from django.core.wsgi import get_wsgi_application

from paitho.settings import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")
env.refuse_if_missing()
application = get_wsgi_application()
