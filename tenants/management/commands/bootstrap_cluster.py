"""`manage.py bootstrap_cluster`: the superuser's part, once per database cluster."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from keychain.crypto.secret import Secret
from paitho.lib.env import Env
from tenants.cluster import bootstrap

ROLES = {
    "paitho_owner": "PAITHO_OWNER_PASSWORD",
    "paitho_directory": "PAITHO_DIRECTORY_PASSWORD",
    "paitho_ops": "PAITHO_OPS_PASSWORD",
    "paitho_backup": "PAITHO_BACKUP_PASSWORD",
}


class Command(BaseCommand):
    help = "Create the control plane's logins and the database. Needs PAITHO_SUPERUSER_DSN."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        env = Env()
        dsn = env.text("PAITHO_SUPERUSER_DSN")
        passwords = {role: Secret(env.text(name)) for role, name in ROLES.items()}
        env.refuse_if_missing()
        bootstrap(dsn, settings.DATABASE_SERVER["NAME"], passwords)
        self.stdout.write("The cluster is ready: logins and database are in place.")
