"""`manage.py demo FILE [--keep]`: the main job once, end to end, in the terminal."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from campaigns.errors import CampaignError
from leads.errors import LeadsError
from mailbox.errors import MailboxError
from paitho import demo
from tenants.directory import origin_of
from tenants.workspace import WorkspaceRef

STEPS = {
    "import": "Import the leads",
    "draft": "Qualify, draft, audit",
    "approve": "Approve clean drafts",
    "send": "Send by SMTP",
    "replies": "Read replies by IMAP",
    "export": "Export and verify",
}
REFUSALS = (LeadsError, CampaignError, MailboxError)


class Command(BaseCommand):
    help = "Run the main job once on a CSV file, in a fresh workspace, against the embedded services."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--keep", action="store_true", help="leave the workspace for a look in the browser"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("The demo runs against the embedded services only: use `make demo`.")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        console = Console()
        console.print("Texts are written from templates by the sandbox: no model is asked.")
        slug = f"demo-{secrets.token_hex(4)}"
        try:
            with demo.fresh_workspace(slug, keep=options["keep"]) as workspace:
                result = self._run(workspace, path, console)
                if options["keep"]:
                    console.print(f"Kept: {origin_of(workspace)}")
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        print(result.line())
        if result.problems:
            raise CommandError("The counts do not add up: " + "; ".join(result.problems) + ".")

    def _run(self, workspace: WorkspaceRef, path: Path, console: Console) -> demo.Result:
        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            bars: dict[str, TaskID] = {}

            def report(step: str, done: int, total: int) -> None:
                if step not in bars:
                    bars[step] = progress.add_task(STEPS[step], total=max(total, 1))
                progress.update(bars[step], completed=done, total=max(total, 1))

            result = demo.run(workspace, path, report)
        console.print(table(result))
        return result


def table(result: demo.Result) -> Table:
    shown = Table("step", "count", title="What happened")
    for name in (
        "rows",
        "imported",
        "rejected",
        "qualified",
        "drafted",
        "audited",
        "approved",
        "sent",
        "delivered",
        "replied",
        "bounced",
        "stopped",
        "exported_files",
    ):
        shown.add_row(name.replace("_", " "), str(getattr(result, name)))
    return shown
