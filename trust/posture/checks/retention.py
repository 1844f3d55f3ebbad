"""Nothing is kept for longer than the trust page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from trust.posture.kinds import Cell, Finding, check, counted, rows

RETENTION = "kept"
MODEL_LOGS = timedelta(days=90)
GRACE = timedelta(days=2)  # the job runs daily, and a day that it misses is made up for on the next
RUNS_EVERY = timedelta(days=2)


@check(
    "model_logs_90_days",
    RETENTION,
    "Prompts and answers of models, and whom they were about, are gone after 90 days; their keys too.",
)
def model_logs_90_days(cell: Cell) -> Finding:
    kept, problems = 0, []
    before = timezone.now() - MODEL_LOGS - GRACE
    for workspace in cell.each():
        ((stored, old),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE at < %s AND (prompt IS NOT NULL OR response IS NOT NULL"
            " OR enrollment_id IS NOT NULL)) FROM stage_runs",
            [before],
        )
        kept += stored
        if old:
            problems.append(f"{workspace.slug}: {counted(old, 'call')} of more than 90 days not anonymised.")
    problems += _old_keys(cell)
    return Finding(counted(kept, "call to a model", "calls to models"), tuple(problems))


def _old_keys(cell: Cell) -> list[str]:
    """Keys of months whose last day is past 90 days, grace and the month itself."""
    ids = {workspace.id: workspace.slug for workspace in cell.workspaces}
    oldest = datetime.now(UTC) - MODEL_LOGS - GRACE - timedelta(days=31)
    found = cell.ask(
        "SELECT workspace_id, version FROM public.wrapped_keys WHERE purpose = 'llm' AND version < %s"
        " AND workspace_id = ANY (%s)",
        [int(oldest.strftime("%Y%m")), list(ids)],
    )
    return [f"{ids[uid]}: the key of {version} should be gone." for uid, version in found]


@check("audit_12_months", RETENTION, "The audit log goes back 12 months; older months are dropped whole.")
def audit_12_months(cell: Cell) -> Finding:
    kept, problems = 0, []
    # A line of the first day of a month waits for the last day of that month, and for the daily job.
    before = timezone.now() - timedelta(days=366 + 31) - GRACE
    for workspace in cell.each():
        ((stored, old),) = rows("SELECT count(*), count(*) FILTER (WHERE at < %s) FROM audit_log", [before])
        kept += stored
        if old:
            problems.append(f"{workspace.slug}: {counted(old, 'line')} of the audit log is too old.")
    return Finding(counted(kept, "line"), tuple(problems))


@check("uploads_go", RETENTION, "An uploaded file is deleted when its import has ended.")
def uploads_go(cell: Cell) -> Finding:
    waiting, problems = 0, []
    for workspace in cell.each():
        ((parts, left),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE i.state IN ('done', 'undone')) FROM import_parts p"
            " JOIN imports i ON i.id = p.job_id"
        )
        waiting += parts
        if left:
            problems.append(f"{workspace.slug}: {counted(left, 'piece')} of a file left after its import.")
    return Finding(f"{counted(waiting, 'piece')} of files waiting", tuple(problems))


LEFTOVERS = {
    "upload that nobody imported": "SELECT count(*) FROM imports WHERE state IN ('uploaded', 'mapped')"
    " AND created_at < now() - interval '7 days' - %(grace)s",
    "row of an old rejects file": "SELECT count(*) FROM import_rejects r JOIN imports i ON i.id = r.job_id"
    " WHERE i.finished_at < now() - interval '90 days' - %(grace)s",
    "old bulk action": "SELECT count(*) FROM bulk_jobs"
    " WHERE finished_at < now() - interval '90 days' - %(grace)s",
}


@check(
    "leftovers_go",
    RETENTION,
    "Rows that an import refused, and what bulk actions were asked to do, are gone after 90 days;"
    " a file that nobody imports after a week.",
)
def leftovers_go(cell: Cell) -> Finding:
    looked, problems = 0, []
    for workspace in cell.each():
        looked += 1
        for thing, query in LEFTOVERS.items():
            ((old,),) = rows(query, {"grace": GRACE})
            if old:
                problems.append(f"{workspace.slug}: {old} left over: {thing}.")
    return Finding(f"{counted(looked, 'workspace')} looked at", tuple(problems))


@check(
    "visitors_details_go", RETENTION, "What a sign-up or an unconfirmed subscription left is gone in days."
)
def visitors_details_go(cell: Cell) -> Finding:
    ((sign_ups, old_sign_ups),) = cell.ask(
        "SELECT count(*), count(*) FILTER (WHERE created_at < now() - interval '5 days'"
        " AND workspace_id IS NULL) FROM public.sign_ups"
    )
    ((subscribers, unconfirmed),) = cell.ask(
        "SELECT count(*), count(*) FILTER (WHERE confirmed_at IS NULL"
        " AND created_at < now() - interval '5 days')"
        " FROM public.subscribers"
    )
    ((searches,),) = cell.ask(
        "SELECT count(*) FROM public.workspace_searches WHERE created_at < now() - interval '3 days'"
    )
    problems = [
        f"{counted(number, thing)} left over."
        for number, thing in (
            (old_sign_ups, "sign-up"),
            (unconfirmed, "unconfirmed subscription"),
            (searches, "search"),
        )
        if number
    ]
    saw = f"{counted(sign_ups, 'sign-up')}, {counted(subscribers, 'subscription')}"
    return Finding(saw, tuple(problems))


@check("requests_in_30_days", "standing", "What people ask about their data is answered within 30 days.")
def requests_in_30_days(cell: Cell) -> Finding:
    asked, problems = 0, []
    for workspace in cell.each():
        ((number, late),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL AND due_at < now()"
            " OR due_at > received_at + interval '31 days') FROM subject_requests"
        )
        asked += number
        if late:
            problems.append(f"{workspace.slug}: {counted(late, 'request')} late, or due too late.")
    return Finding(counted(asked, "request"), tuple(problems))
