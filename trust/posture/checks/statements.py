"""What is stated in public is dated, and no older or bolder than it may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings

from trust.posture.kinds import Cell, Finding, check, counted

NOTICE = timedelta(days=30)
LOOKED_AT_EVERY = timedelta(days=120)


@check(
    "sub_processors_announced",
    "vendors",
    "Each change of a sub-processor was posted in the changelog 30 days before it took effect.",
)
def sub_processors_announced(cell: Cell) -> Finding:
    found = cell.ask(
        "SELECT s.name, s.is_founding, s.announced_on, s.effective_on, s.end_announced_on, s.ends_on,"
        " p.published_at::date, e.published_at::date FROM public.sub_processors s"
        " LEFT JOIN public.changelog_entries p ON p.id = s.posted_in_id"
        " LEFT JOIN public.changelog_entries e ON e.id = s.end_posted_in_id"
    )
    problems = []
    for name, founding, announced, effective, end_announced, ends, posted, end_posted in found:
        if not founding and (posted is None or max(posted, announced) + NOTICE > effective):
            problems.append(f"{name} took effect without 30 days' notice.")
        withdrawn = ends == effective
        if ends and not withdrawn and (end_posted is None or max(end_posted, end_announced) + NOTICE > ends):
            problems.append(f"{name} ends without 30 days' notice.")
    guards = cell.ask(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = 'public.sub_processors'::regclass"
        " AND tgname = 'keep_notice' AND tgenabled IN ('O', 'A')"
    )
    if not guards:
        problems.append("The database no longer refuses a change without notice.")
    return Finding(counted(len(found), "sub-processor"), tuple(problems))


VENDORS = {"postmark": "Postmark", "resend": "Resend"}


@check("only_listed_vendors", "vendors", "We use no vendor that is not on the list.")
def only_listed_vendors(cell: Cell) -> Finding:
    listed = " · ".join(
        vendor
        for (vendor,) in cell.ask(
            "SELECT vendor FROM public.sub_processors WHERE effective_on <= (now() AT TIME ZONE 'UTC')::date"
            " AND (ends_on IS NULL OR ends_on > (now() AT TIME ZONE 'UTC')::date)"
        )
    )
    used = [VENDORS[settings.MAIL_PROVIDER]] if settings.MAIL_PROVIDER in VENDORS else []
    used += ["Sentry"] if settings.SENTRY_DSN else []
    used += ["OpenAI", "Anthropic", "Google"]
    problems = [f"{vendor} is used and not listed." for vendor in used if vendor not in listed]
    return Finding(f"{counted(len(used), 'vendor')} the code can reach", tuple(problems))


@check("standings_are_honest", "standing", "No badge that was not earned: each status has its date.")
def standings_are_honest(cell: Cell) -> Finding:
    found = cell.ask("SELECT name, state, attested_on, attested_by, checked_on FROM public.standings")
    today = datetime.now(UTC).date()
    problems = []
    for name, state, attested_on, attested_by, checked_on in found:
        if state == "attested" and not (attested_on and attested_by and attested_on <= today):
            problems.append(f"{name} is shown as attested, without a report.")
        if checked_on > today or today - checked_on > LOOKED_AT_EVERY:
            problems.append(f"{name} was last looked at on {checked_on}.")
    if not found:
        problems.append("No status is stated.")
    return Finding(counted(len(found), "status", "statuses"), tuple(problems))


@check("security_txt", "reporting", "security.txt says where to report, and has not expired.")
def security_txt(cell: Cell) -> Finding:
    page = cell.site.page("/.well-known/security.txt")
    told = dict(line.split(": ", 1) for line in page.body.splitlines() if ": " in line)
    problems = [
        f"security.txt has no {name}."
        for name in ("Contact", "Expires", "Canonical", "Policy")
        if name not in told
    ]
    if not page.header("content-type").startswith("text/plain"):
        problems.append("security.txt is not plain text.")
    if "Expires" not in told:
        return Finding("no expiry", tuple(problems))
    expires = datetime.fromisoformat(told["Expires"])
    left = expires - datetime.now(UTC)
    if not timedelta(days=14) <= left <= timedelta(days=366):
        problems.append(f"security.txt expires on {expires:%Y-%m-%d}.")
    return Finding(f"valid until {expires:%d %B %Y}", tuple(problems))
