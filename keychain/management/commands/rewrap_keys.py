"""`manage.py rewrap_keys SLUG --kms ARN`: every key of the workspace under another KMS key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from keychain.actions import change_keys, try_kms
from keychain.management.change import OPERATOR, KeyCommand
from keychain.models import KeyJob, KeyWork


class Command(KeyCommand):
    help = (
        "Wrap every key of a workspace with another KMS key: one that the workspace brings (--kms ARN), or, "
        "without --kms, the cell's own as PAITHO_KMS names it now. Nothing has to be sealed again."
    )
    work = KeyWork.WRAPS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--kms", default="", metavar="ARN", help="arn:aws:kms:…:key/…")

    def begun(self, options: dict[str, Any]) -> KeyJob:
        if options["kms"]:
            try_kms(options["kms"])
        return change_keys(self.work, by=OPERATOR, kms=options["kms"])
