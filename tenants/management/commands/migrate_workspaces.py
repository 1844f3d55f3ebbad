"""`manage.py migrate_workspaces`: record pending tenant migrations and replay them in every workspace."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants import migrating
from tenants.workspace import WorkspaceRef


class Command(BaseCommand):
    help = (
        "Bring every workspace to the newest schema version; a failure leaves that workspace at its old one."
    )
    # A release runs `check --deploy` once; this command runs beside what serves and says what it does.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=migrating.WORKERS, help="how many at a time")
        parser.add_argument("--workspace", metavar="SLUG", help="this one only, as after a failure")

    def handle(self, *args: Any, **options: Any) -> None:
        tell = self.told if options["verbosity"] > 1 else migrating.quietly
        report = migrating.migrate_all(
            workers=max(1, options["workers"]), only=options["workspace"], tell=tell
        )
        for name in report.recorded:
            self.stdout.write(f"recorded {name}")
        self.stdout.write(
            f"version {report.version}: {report.migrated} migrated, {report.skipped} already there, "
            f"{len(report.failed)} failed"
        )
        for slug, problem in sorted(report.failed.items()):
            self.stderr.write(f"{slug}: {problem}")
        if report.failed:
            sys.exit(1)

    def told(self, workspace: WorkspaceRef, problem: str) -> None:
        self.stdout.write(f"{workspace.slug}: {problem or 'done'}")
