"""`manage.py migrate_directory`: bring the control plane's tables in `public` up to date."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from tenants.structure import owner_session


class Command(BaseCommand):
    help = "Migrate the directory with the owner's login."

    def handle(self, *args: Any, **options: Any) -> None:
        with owner_session():
            call_command("migrate", database="owner", interactive=False, verbosity=options["verbosity"])
