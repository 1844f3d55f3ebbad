"""What the commands that change a workspace's keys have in common: begin, or join, and show how far it is."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.actors import Actor
from keychain.actions import change_keys
from keychain.errors import KeychainError
from keychain.models import KeyJob, KeyState, KeyWork
from keychain.rotation import open_job, rekey_slice, reseal_slice
from tenants.binding import bound
from tenants.directory import by_slug
from tenants.errors import BoundaryError
from tenants.workspace import WorkspaceRef

OPERATOR = Actor(None, "An operator, by command line")
LONGEST_PAUSE = 1.0


class KeyCommand(BaseCommand):
    """Begins a job of `work`, or joins the one that is open, and works on it beside the workers.

    Stopping the command stops nothing: the workers go on with it.
    """

    work: KeyWork

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--background",
            action="store_true",
            help="only begin; the workers do it and the Keychain page shows it",
        )

    def begun(self, options: dict[str, Any]) -> KeyJob:
        return change_keys(self.work, by=OPERATOR)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = by_slug(options["slug"])
            with bound(workspace):
                job = open_job(self.work) or self.begun(options)
                if options["background"]:
                    self.stdout.write(f"{workspace.slug}: begun; the workers go on with it.")
                    return
                self._attend(workspace, job)
        except (BoundaryError, KeychainError) as error:
            raise CommandError(str(error)) from error

    def _attend(self, workspace: WorkspaceRef, job: KeyJob) -> None:
        said = ""
        while not job.is_over:
            due = [moment for moment in (rekey_slice(), reseal_slice()) if moment is not None]
            job = KeyJob.objects.get(pk=job.pk)
            line = f"{workspace.slug}: {job.get_state_display().lower()}, {job.done} of {job.total}"
            if line != said:
                self.stdout.write(line)
                said = line
            wait = min((moment - timezone.now()).total_seconds() for moment in due) if due else LONGEST_PAUSE
            if not job.is_over:
                time.sleep(min(max(wait, 0.05), LONGEST_PAUSE))
        if job.state == KeyState.FAILED:
            raise CommandError(job.problem)
        if job.keeps_until:
            self.stdout.write(
                f"{workspace.slug}: backups of before can only be read with the old key. It stays until "
                f"the last of them ends, {job.keeps_until:%d %B %Y}, and deleted then."
            )
