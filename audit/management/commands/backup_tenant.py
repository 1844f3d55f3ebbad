"""`manage.py backup_tenant SLUG [--to PLACE]`: one sealed backup of a workspace's schema."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.custody import back_up, the_store
from tenants.backup.stores import store_at
from tenants.directory import by_slug
from tenants.errors import BoundaryError


class Command(BaseCommand):
    help = "Back up a workspace: sealed, counted against the live schema. Needs PAITHO_BACKUP_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--to", metavar="PLACE", help="a directory or s3://bucket/prefix (default: PAITHO_BACKUPS)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = store_at(options["to"]) if options["to"] else the_store()
            made = back_up(by_slug(options["slug"]), store)
        except BoundaryError as error:
            raise CommandError(str(error)) from error
        rows = sum(made.rows.values())
        self.stdout.write(
            f"{made.place}/{made.name}: {rows} rows in {len(made.rows)} tables, {made.size} bytes, "
            f"{made.duration_ms / 1000:.1f} s; equal to the live schema"
        )
