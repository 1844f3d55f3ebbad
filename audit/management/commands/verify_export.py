"""`manage.py verify_export FILE`: check an export's checksums and row counts; needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.export.bundle import BrokenExport, verify


class Command(BaseCommand):
    help = "Check the files of an export against its manifest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = verify(options["file"])
        except BrokenExport as error:
            raise CommandError(str(error)) from error
        for table, count in rows.items():
            self.stdout.write(f"{count:>10}  {table}")
        self.stdout.write(f"{options['file']} is whole: {sum(rows.values())} rows")
