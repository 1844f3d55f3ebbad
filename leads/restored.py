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
    # Who may be asked about people is an owner's word of today: what was taken back stays taken back.
    """
    DELETE FROM {new}.listings n
    WHERE NOT EXISTS (SELECT 1 FROM {live}.enrichment_opt_ins l WHERE l.id = n.opt_in_id)
    """,
    """
    DELETE FROM {new}.enrichment_opt_ins n
    WHERE NOT EXISTS (SELECT 1 FROM {live}.enrichment_opt_ins l WHERE l.id = n.id)
    """,
    """
    DELETE FROM {new}.credentials n WHERE n.removed_at IS NOT NULL
      AND n.kind IN ('apollo', 'rocketreach', 'zoominfo', 'indiamart', 'directory')
      AND NOT EXISTS (SELECT 1 FROM {new}.enrichment_opt_ins o WHERE o.credential_id = n.id)
    """,
    """
    INSERT INTO {new}.enrichment_opt_ins SELECT l.* FROM {live}.enrichment_opt_ins l
    ON CONFLICT (id) DO UPDATE SET most_a_month = excluded.most_a_month, wait_until = excluded.wait_until
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
