"""The same tables under django-tenants alone: its backend, its router, its `migrate_schemas`."""

import os

from paitho import settings as ours
from paitho.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "HOST": ours.DATABASE_SERVER["HOST"],
        "PORT": ours.DATABASE_SERVER["PORT"],
        "NAME": "paitho_plain",
        "USER": "plain",
        "PASSWORD": os.environ["BENCH_PLAIN_PASSWORD"],
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
# Everything of ours but the tenants' tables; `bench.extra` is the release with one more column.
SHARED_APPS = [
    "django_tenants",
    "bench.plain",
    *(a for a in ours.INSTALLED_APPS if a not in ours.TENANT_APPS),
]
TENANT_APPS = [*ours.TENANT_APPS, "bench.extra"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
# The control plane's tables are not part of what is compared.
MIGRATION_MODULES = dict.fromkeys(ours.DIRECTORY_APPS)
TENANT_MODEL, TENANT_DOMAIN_MODEL = "plain.Tenant", "plain.Domain"
TENANT_MULTIPROCESSING_MAX_PROCESSES = os.cpu_count()
