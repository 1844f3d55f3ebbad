"""Everything that happened to a lead, the newest first.

It reads the rows above this floor through the relations that point at a lead, and names no other module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from audit.models import AuditRow
from leads.models import Lead

MOST = 100
ICONS = {"out": "send", "in": "message-reply"}


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that happened."""

    at: datetime
    icon: str
    title: str
    text: str = ""
    tone: str = ""


def history_of(lead: Lead) -> list[Touch]:
    touches = [*_enrollments(lead), *_messages(lead), *_enrichments(lead), *_audited(lead)]
    touches += [*_labelled(lead), *_arrival(lead)]
    return sorted(touches, key=lambda touch: touch.at, reverse=True)[:MOST]


def _arrival(lead: Lead) -> Iterator[Touch]:
    if lead.source is not None:
        words = f"Imported from {lead.source.file_name}, row {lead.source_row}"
        yield Touch(lead.created_at, icon="upload", title=words)


def _enrollments(lead: Lead) -> Iterator[Touch]:
    for enrollment in lead.enrollments.select_related("campaign").order_by("-created_at")[:MOST]:
        stage = enrollment.get_stage_display()
        text = f"{stage}, step {enrollment.step}" + (
            f" ({enrollment.stop_reason.replace('_', ' ')})" if enrollment.stop_reason else ""
        )
        yield Touch(
            enrollment.created_at, icon="users-group", title=f"Added to {enrollment.campaign.name}", text=text
        )


def _messages(lead: Lead) -> Iterator[Touch]:
    for thread in lead.threads.select_related("mailbox").order_by("-created_at")[:MOST]:
        for message in thread.messages.order_by("-at")[:MOST]:
            ours = message.direction == "out"
            where = f"{message.get_delivery_display()} by {thread.mailbox}" if ours else "Received"
            kind = f"{message.kind.replace('_', ' ').capitalize()}: " if message.kind else ""
            tone = "bad" if message.delivery in {"failed", "uncertain"} or message.kind == "bounce" else ""
            title = f"{kind}{where}"
            yield Touch(message.at, ICONS[message.direction], title, message.subject, tone)


def _enrichments(lead: Lead) -> Iterator[Touch]:
    for asked in lead.enrichments.order_by("-at")[:MOST]:
        what = ", ".join(asked.asked) or "nothing"
        applied = " The answer was applied." if asked.applied_at else ""
        text = f"Sent: {what}. {asked.sentence}{applied}"
        yield Touch(
            asked.at, icon="database-search", title=f"Asked {asked.get_provider_display()}", text=text
        )


def _audited(lead: Lead) -> Iterator[Touch]:
    for row in AuditRow.objects.filter(about_id=lead.pk).order_by("-at")[:MOST]:
        said = row.details["data"]
        label = f": {said['label']}" if said.get("label") else ""
        text = f"{said.get('action', '')}{label} by {row.details['actor']}".strip()
        icon = "tag" if label else "list-details"
        yield Touch(row.at, icon=icon, title=row.label, text=text[:1].upper() + text[1:])


def _labelled(lead: Lead) -> Iterator[Touch]:
    """What was put on many leads at once; one alone has an audit line about the lead."""
    rows = lead.labelled.exclude(job=None).select_related("label", "job").order_by("-job__created_at")[:MOST]
    for row in rows:
        if row.job is None:
            continue
        kind, others = row.label.get_kind_display(), row.job.total
        text = f"{kind} put on: {row.label.name} by {row.job.actor['name']}, on {others:,} leads at once"
        yield Touch(row.job.created_at, icon="tag", title="Leads changed", text=text)
