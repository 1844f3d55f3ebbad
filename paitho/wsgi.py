"""The web process: apex and workspaces, by host."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")
application = get_wsgi_application()
settings.env.refuse_if_missing()
