"""`manage.py restore_drill [SLUG …]`: rehearse a restore, apart from everything, and note how it went."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.custody import rehearse
from tenants.backup import tools
from tenants.directory import by_slug


class Command(BaseCommand):
    help = "Load the newest backup of each workspace named (default: all) beside it, compare, throw it away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for slug in options["slugs"] or everyone():
            seen = rehearse(by_slug(slug))
            failed += bool(seen.problem)
            told = seen.problem or f"passed, {seen.rows} rows"
            self.stdout.write(f"{slug}: {told}, {seen.duration_ms / 1000:.1f} s")
        if failed:
            sys.exit(1)


def everyone() -> list[str]:
    with tools.session(tools.BACKUP) as session:
        query = "SELECT slug FROM public.workspaces WHERE state IN ('active', 'suspended') ORDER BY slug"
        return [slug for (slug,) in session.execute(query)]
