"""`manage.py export_tenant SLUG --out DIR`: a tenant's whole data, opened, in one verified file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.directory import by_slug
from tenants.errors import BoundaryError
from tenants.export.bundle import BrokenExport, export, in_silence, verify
from tenants.export.files import Progress

SAID_EVERY = 5.0


class Command(BaseCommand):
    help = "Write a workspace's data (a .sql.gz, a .csv for each table, a manifest) as one tar file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument("--with-secrets", action="store_true", help="include provider keys and passwords")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = self.progress() if options["verbosity"] else in_silence
            workspace, secrets = by_slug(options["slug"]), options["with_secrets"]
            exported = export(workspace, options["out"], with_secrets=secrets, told=told)
            rows = verify(exported.path)
        except (BoundaryError, BrokenExport) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{exported.path}: {sum(rows.values())} rows in {len(rows)} tables, verified")

    def progress(self) -> Progress:
        """Says every few seconds, beside the result, how far it is."""
        said, count = time.monotonic(), 0

        def told(table: str, rows: int) -> None:
            nonlocal said, count
            count += rows
            if time.monotonic() - said >= SAID_EVERY:
                said = time.monotonic()
                self.stderr.write(f"{count:,} rows, now {table}", self.style.NOTICE)

        return told
