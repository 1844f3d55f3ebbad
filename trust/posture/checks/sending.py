"""Nothing leaves that a person did not approve, and nobody is written to who asked not to be."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from trust.posture.kinds import Cell, Finding, check, counted, rows

SENDING = "sending"


@check("a_person_approved", SENDING, "Nothing was sent that a person did not approve, word for word.")
def a_person_approved(cell: Cell) -> Finding:
    sent, problems = 0, []
    for workspace in cell.each():
        ((number, unapproved),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE CASE"
            " WHEN d.id IS NOT NULL THEN d.approved_by IS NULL OR d.approved_hash IS NULL"
            "   OR d.approved_hash IS DISTINCT FROM m.approved_hash"
            " ELSE m.approved_hash IS NULL AND m.at > now() - interval '11 months' AND NOT EXISTS"
            "   (SELECT 1 FROM audit_log a WHERE a.event = 'reply.sent' AND a.about_id = m.thread_id) END)"
            " FROM messages m LEFT JOIN drafts d ON d.message_id = m.id"
            " WHERE m.direction = 'out' AND m.delivery IN ('sending', 'sent', 'uncertain')"
        )
        sent += number
        if unapproved:
            problems.append(f"{workspace.slug}: {counted(unapproved, 'mail')} that nobody approved.")
    return Finding(counted(sent, "mail") + " sent", tuple(problems))


@check(
    "opt_outs_hold", SENDING, "Nobody is written to after they asked not to be, or after an address failed."
)
def opt_outs_hold(cell: Cell) -> Finding:
    listed, problems = 0, []
    for workspace in cell.each():
        ((number,),) = rows("SELECT count(*) FROM suppressions")
        ((after,),) = rows(
            "SELECT count(*) FROM messages m JOIN suppressions s ON NOT s.covers_domain"
            " AND s.index = m.recipient_index OR s.covers_domain AND s.index = m.recipient_domain_index"
            " WHERE m.direction = 'out' AND m.delivery = 'sent' AND m.at > s.at + interval '5 minutes'"
        )
        listed += number
        if after:
            problems.append(f"{workspace.slug}: {counted(after, 'mail')} sent to suppressed addresses.")
    return Finding(counted(listed, "suppressed address", "suppressed addresses"), tuple(problems))


@check("our_mail_never_to_prospects", SENDING, "Mail of our own never goes to a prospect of yours.")
def our_mail_never_to_prospects(cell: Cell) -> Finding:
    if not settings.NOTICE_GUARDS:
        return Finding("no guard", ("No guard stands before our own mail.",))
    guards = [import_string(path) for path in settings.NOTICE_GUARDS]
    problems = []
    for workspace in cell.each():
        if any(guard("nobody@posture-check.invalid") for guard in guards):
            problems.append(f"{workspace.slug}: the guard refuses an address that is no lead's.")
        address = _a_leads_address()
        if address and not any(guard(address) for guard in guards):
            problems.append(f"{workspace.slug}: the guard lets a lead's address pass.")
    return Finding(counted(len(guards), "guard"), tuple(problems))


def _a_leads_address() -> str:
    from leads.models import Lead

    lead = Lead.objects.order_by("-pk").first()
    return lead.email if lead else ""
