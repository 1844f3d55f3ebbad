"""`manage.py keep_backups`: the process that makes the nightly backups; it ends at SIGTERM, between two."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils import timezone

from audit.custody import nightly, rehearse_when_due
from tenants.errors import BoundaryError

log = logging.getLogger(__name__)
PAUSE_SECONDS = 30.0


class Command(BaseCommand):
    help = "Back up each workspace and the directory when it is due. Needs PAITHO_BACKUP_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        if not options["once"]:
            signal.signal(signal.SIGTERM, lambda *_: ended.set())
        while not ended.is_set():
            served = self.turn()
            connections["default"].close_everything()  # type: ignore[attr-defined]
            if options["once"] and not served:
                return
            ended.wait(0 if served else PAUSE_SECONDS)

    def turn(self) -> int:
        try:
            served = nightly()
            if served:
                rehearse_when_due(timezone.now())
            return served
        except BoundaryError as error:
            log.error("%s", error)
            return 0
