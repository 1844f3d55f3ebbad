"""What the page behind a mail's opt-out link says: who writes, why, which data, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import WorkspaceProfile
from campaigns.forms.content import BASES
from campaigns.models import Draft
from campaigns.recipients import asked_for_erasure, has_opted_out, may_take_back
from mailbox.models import Message


@dataclass(frozen=True, slots=True)
class Explanation:
    """For the one who holds the link. It names the kinds of data and no value: mails are passed on."""

    writer: str
    postal_address: str
    sender: str
    basis: str
    data: list[str]
    imported_at: datetime | None
    approved_at: datetime | None
    is_out: bool
    is_erasing: bool
    may_take_back: bool


def explanation(message: Message) -> Explanation:
    profile, lead = WorkspaceProfile.objects.first(), message.thread.lead
    draft = Draft.objects.select_related("enrollment__campaign").filter(message=message).first()
    brief = draft.enrollment.campaign.brief if draft else {}
    return Explanation(
        writer=profile.name if profile else "",
        postal_address=profile.postal_address if profile else "",
        sender=f"{message.mailbox.sender_name} <{message.mailbox.address}>",
        basis=dict(BASES).get(brief.get("legal_basis", ""), "") if brief.get("legal_basis") else "",
        data=kinds(lead.profile),
        imported_at=lead.created_at if lead.source_id else None,
        approved_at=draft.approved_at if draft else None,
        is_out=has_opted_out(message),
        is_erasing=asked_for_erasure(message),
        may_take_back=may_take_back(message),
    )


def kinds(profile: dict[str, Any]) -> list[str]:
    """The names of the fields that hold something, as words."""
    names = [name for name, value in profile.items() if value and name != "custom"]
    names += [name for name, value in (profile.get("custom") or {}).items() if value]
    return [name.replace("_", " ") for name in names]
