"""`manage.py export_tenant SLUG --out DIR`: a tenant's whole data, opened, in one verified file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.directory import by_slug
from tenants.errors import BoundaryError
from tenants.export.bundle import export, verify


class Command(BaseCommand):
    help = "Write a workspace's data (a .sql.gz, a .csv for each table, a manifest) as one tar file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument("--with-secrets", action="store_true", help="include provider keys and passwords")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            exported = export(by_slug(options["slug"]), options["out"], with_secrets=options["with_secrets"])
        except BoundaryError as error:
            raise CommandError(str(error)) from error
        rows = verify(exported.path)
        self.stdout.write(f"{exported.path}: {sum(rows.values())} rows in {len(rows)} tables, verified")
