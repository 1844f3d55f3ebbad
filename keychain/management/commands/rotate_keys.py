"""`manage.py rotate_keys SLUG`: a new data key, everything sealed again under it, the old key deleted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from keychain.actions import change_keys
from keychain.management.change import OPERATOR, KeyCommand
from keychain.models import KeyJob, KeyWork


class Command(KeyCommand):
    help = (
        "Give a workspace a new data key, seal everything again under it in the background, and delete the "
        "old key. Pages work meanwhile. May be stopped and run again: it goes on where it was."
    )
    work = KeyWork.DATA

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="delete the old key at the end even if backups can only be read with it",
        )

    def begun(self, options: dict[str, Any]) -> KeyJob:
        return change_keys(self.work, by=OPERATOR, drops_at_once=options["at_once"])
