"""What a restore carries forward for leads: nobody who was suppressed or erased since comes back."""

from __future__ import annotations

from leads.actions.people import delete_leads
from leads.models import ImportReject, Lead, Reason, Suppression

PREPARED: tuple[str, ...] = ()
CARRIED = (
    """
    INSERT INTO {new}.suppressions (id, index, covers_domain, domain, reason, added_by, at)
    SELECT id, index, covers_domain, domain, reason, added_by, at FROM {live}.suppressions
    ON CONFLICT (index, covers_domain) DO UPDATE
    SET reason = excluded.reason, added_by = excluded.added_by, at = excluded.at
    """,
    """
    UPDATE {new}.leads n SET standing = l.standing FROM {live}.leads l
    WHERE l.email_index = n.email_index AND l.standing <> 'open' AND n.standing <> l.standing
    """,
    """
    INSERT INTO {new}.subject_requests SELECT l.* FROM {live}.subject_requests l
    ON CONFLICT (id) DO UPDATE
    SET email = excluded.email, closed_at = excluded.closed_at, receipt = excluded.receipt
    """,
)
ALWAYS: tuple[str, ...] = ()


def erase_again() -> int:
    """Take out whom the backup brought back although they were erased; returns how many leads went."""
    erased = Suppression.objects.filter(reason=Reason.ERASURE).values("index")
    back = list(Lead.objects.filter(email_index__in=erased).values_list("pk", flat=True))
    delete_leads(back)
    ImportReject.objects.filter(email_index__in=erased).delete()
    return len(back)
