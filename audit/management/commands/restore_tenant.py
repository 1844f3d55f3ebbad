"""`manage.py restore_tenant SLUG [--backup NAME] [--from PLACE]`: put a backup in the live schema's place."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.custody import bring_back, chosen
from tenants.backup.stores import Store, store_at
from tenants.directory import by_slug
from tenants.errors import BoundaryError
from tenants.workspace import WorkspaceRef


class Command(BaseCommand):
    help = "Restore one workspace from a backup, without touching another. Its sending starts paused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--backup", metavar="NAME", default="", help="its name or id (default: the newest)"
        )
        parser.add_argument(
            "--from", dest="place", metavar="PLACE", help="where it is, if the directory lost it"
        )
        parser.add_argument("--list", action="store_true", help="list the backups and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = by_slug(options["slug"])
            if options["list"]:
                self.list(workspace)
                return
            store, name = found(workspace, options["backup"], options["place"])
            restored = bring_back(workspace, store, name)
        except BoundaryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{workspace.slug} is as of {restored.made_at}: {sum(restored.rows.values())} rows, "
            f"{restored.duration_ms / 1000:.1f} s, of which {restored.swap_ms} ms swapped. Sending is paused."
        )

    def list(self, workspace: WorkspaceRef) -> None:
        from tenants.backup.records import of

        for backup in of(workspace):
            self.stdout.write(
                f"{backup.made_at:%Y-%m-%d %H:%M}  {backup.rows:>9} rows  {backup.size:>11} bytes"
                f"  until {backup.expires_at:%Y-%m-%d}  {backup.name}"
            )


def found(workspace: WorkspaceRef, wanted: str, place: str | None) -> tuple[Store, str]:
    """The store and the file's name there; without a place the directory knows both."""
    if place is None:
        backup = chosen(workspace, wanted)
        return store_at(backup.place), backup.name
    store = store_at(place)
    names = [name for name in store.names(f"{workspace.id}/") if wanted in {"", name}]
    if not names:
        raise CommandError(f"{store.name} holds no such backup of {workspace.slug}.")
    return store, names[-1]
