"""Your data comes out whole, stays in its region, and nothing of the sandbox is in a production."""

from __future__ import annotations

from django.conf import settings
from django.core.management import get_commands

from tenants.export.tables import LEFT_OUT
from trust import inventory
from trust.posture.kinds import Cell, Finding, check, counted, rows

DATA = "boundary"


@check(
    "export_is_whole",
    DATA,
    "One command writes all of a workspace out; what it leaves out is named, with why.",
)
def export_is_whole(_: Cell) -> Finding:
    declared = inventory.workspace()
    problems = [
        f"{name} is left out of the export and not stored."
        for name in LEFT_OUT
        if name.partition(".")[0] not in declared and name != "django_session"
    ]
    if "export_tenant" not in get_commands():
        problems.append("The command export_tenant is missing.")
    taken = [name for name in declared if name not in LEFT_OUT]
    return Finding(f"{counted(len(taken), 'table')} taken, {len(LEFT_OUT)} exceptions named", tuple(problems))


@check("region", "standing", "A workspace is stored in the region that was chosen when it was made.")
def region(cell: Cell) -> Finding:
    problems = [
        f"{workspace.slug} belongs to {workspace.region}, and is stored in {settings.REGION}."
        for workspace in cell.workspaces
        if workspace.region != settings.REGION
    ]
    return Finding(
        f"{counted(len(cell.workspaces), 'workspace')} in {settings.REGION.upper()}", tuple(problems)
    )


@check("no_sandbox_parts", "site", "No part of the sandbox serves a customer.")
def no_sandbox_parts(cell: Cell) -> Finding:
    if settings.EMBEDDED:
        saw = "This is the embedded default: a sandbox by design, and its pages say so."
        return Finding(saw, is_waiting=True)
    problems = []
    if settings.MAIL_PROVIDER == "sandbox":
        problems.append("Our own mail goes to the sandbox.")
    for workspace in cell.each():
        ((writers,),) = rows("SELECT count(*) FROM credentials WHERE kind = 'sandbox'")
        ((mailboxes,),) = rows("SELECT count(*) FROM mailboxes WHERE is_sandbox")
        if writers or mailboxes:
            problems.append(f"{workspace.slug}: it uses the sandbox writer or a sandbox mailbox.")
    return Finding(counted(len(cell.sample), "workspace"), tuple(problems))
