"""Our settings, and the release with one more column."""

from paitho import settings as ours
from paitho.settings import *  # noqa: F403

TENANT_APPS = [*ours.TENANT_APPS, "bench.extra"]
INSTALLED_APPS = [*ours.INSTALLED_APPS, "bench.extra"]
