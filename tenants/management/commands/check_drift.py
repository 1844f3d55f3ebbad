"""`manage.py check_drift`: roles, grants, policies and owners as they are, against what they should be."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants import directory, drift
from tenants.structure import owner_session


class Command(BaseCommand):
    help = "Name everything that differs from the boundary's shape; nothing is repaired unless asked for."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--doors", action="store_true", help="also open a session of each workspace")
        parser.add_argument("--mend", metavar="SLUG", help="first bring this workspace to its shape")

    def handle(self, *args: Any, **options: Any) -> None:
        with owner_session() as owner:
            if options["mend"]:
                drift.mend(owner, directory.by_slug(options["mend"]))
            found = drift.look(owner)
            if options["doors"]:
                found += drift.doors(drift.alive(owner))
        for finding in found:
            self.stderr.write(str(finding))
        self.stdout.write(f"{len(found)} findings" if found else "Everything is as it should be.")
        if found:
            sys.exit(1)
