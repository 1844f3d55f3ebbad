"""What runs by itself has run: the retention job, the seals of the audit log, the nightly backups."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants import directory
from tenants.backup import records
from trust.posture.kinds import Cell, Finding, check, counted, rows

DAILY = timedelta(days=2)  # a day that the job misses is made up for on the next
SEALED_WITHIN = timedelta(hours=3)


@check("retention_ran", "kept", "The retention job goes through every workspace daily, and leaves a report.")
def retention_ran(cell: Cell) -> Finding:
    runs, problems = 0, []
    since = timezone.now() - DAILY
    young = {uid for (uid,) in cell.ask("SELECT id FROM public.workspaces WHERE created_at > %s", [since])}
    for workspace in cell.each():
        ((recent,),) = rows("SELECT count(*) FROM retention_runs WHERE at > %s", [since])
        runs += recent
        if not recent and workspace.id not in young:
            problems.append(f"{workspace.slug}: the retention job has not run for two days.")
    return Finding(f"{counted(runs, 'run')} in two days", tuple(problems))


@check(
    "audit_sealed", "kept", "The audit log is sealed in chained batches, whose hashes are kept elsewhere too."
)
def audit_sealed(cell: Cell) -> Finding:
    """The chain and what was published; `verify_audit` looks at each line."""
    seals, problems = 0, []
    before = timezone.now() - SEALED_WITHIN
    for workspace in cell.each():
        hashes = dict(rows("SELECT number, hash FROM audit_seals"))
        seals += len(hashes)
        published = directory.published_seals(workspace.id)
        if any(bytes(hashes.get(number, b"")) != sealed for number, sealed in published.items()):
            problems.append(f"{workspace.slug}: a seal is not the one that was published.")
        ((late,),) = rows(
            "SELECT count(*) FROM audit_log WHERE at < %s"
            " AND xid::text::bigint >= coalesce((SELECT max(xid_until) FROM audit_seals), 0)",
            [before],
        )
        if late:
            problems.append(f"{workspace.slug}: {counted(late, 'line')} of the log not sealed for hours.")
    return Finding(f"{counted(seals, 'seal')}, each published", tuple(problems))


@check("backups_are_made", "boundary", "Every workspace is backed up nightly, sealed under its own key.")
def backups_are_made(_: Cell) -> Finding:
    age = records.age()
    problems: tuple[str, ...] = ()
    if age.late:
        problems = (f"{counted(age.late, 'workspace')} without a backup of the last 36 hours.",)
    newest = f"the newest of {age.newest:%d %B %Y, %H:%M} UTC" if age.newest else "none is due yet"
    return Finding(f"{counted(age.workspaces, 'workspace')}, {newest}", problems)
