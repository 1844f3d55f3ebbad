"""`manage.py backup_directory [--to PLACE]`: the control plane with the wrapped keys, sealed by the KMS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.custody import back_up_directory
from tenants.backup.stores import store_at
from tenants.errors import BoundaryError


class Command(BaseCommand):
    help = "Back up the directory. Without it and the KMS no workspace's backup can be opened."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", metavar="PLACE", help="a directory or s3://bucket/prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = back_up_directory(store_at(options["to"]) if options["to"] else None)
        except BoundaryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.place}/{made.name}: {sum(made.rows.values())} rows, {made.size} bytes")
