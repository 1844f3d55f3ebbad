"""`manage.py migrate_workspaces`: record pending tenant migrations and replay them in every workspace."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from tenants import migrating


class Command(BaseCommand):
    help = (
        "Bring every workspace to the newest schema version; a failure leaves that workspace at its old one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = migrating.migrate_all()
        for name in report.recorded:
            self.stdout.write(f"recorded {name}")
        self.stdout.write(
            f"version {report.version}: {report.migrated} migrated, {report.skipped} already there, "
            f"{len(report.failed)} failed"
        )
        for slug, problem in report.failed.items():
            self.stderr.write(f"{slug}: {problem}")
        if report.failed:
            sys.exit(1)
