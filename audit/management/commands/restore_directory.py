"""`manage.py restore_directory NAME --from PLACE --out FILE`: open a directory backup as a script for psql.

It is the first step after the loss of a whole database: run bootstrap_cluster on the new one, load the
script with psql as paitho_owner, then restore each workspace.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.backup.directory_dump import open_script
from tenants.backup.stores import store_at
from tenants.errors import BoundaryError


class Command(BaseCommand):
    help = "Open a backup of the directory into a script (mode 0600) that psql loads into an empty database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="the file's name (default: the newest)")
        parser.add_argument("--from", dest="place", required=True, metavar="PLACE")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = store_at(options["place"])
            name = options["name"] or next(iter(reversed(store.names("directory/"))), "")
            if not name:
                raise CommandError(f"{store.name} holds no backup of a directory.")
            script = open_script(store, name)
        except BoundaryError as error:
            raise CommandError(str(error)) from error
        try:
            handle = os.open(options["out"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}.") from error
        with os.fdopen(handle, "wb") as file:
            file.write(script)
        self.stdout.write(f"{name}: {len(script)} bytes of SQL in {options['out']}")
