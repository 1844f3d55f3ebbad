"""The colour family of every state the product shows: one table, so that red always means the same."""

from __future__ import annotations

FAMILIES = {
    # something works on it now
    "busy": (
        "running sending qualifying drafting auditing importing exporting syncing checking working "
        "provisioning"
    ),
    # it waits, by plan or for a person
    "info": (
        "scheduled asked in_review approved queued pending invited ready unsure open planned in_progress "
        "info question later someone_else"
    ),
    # it went well
    "good": (
        "sent delivered replied active healthy finished done connected verified passed fit operational "
        "available compliant imported interested success"
    ),
    # a person should look
    "warn": (
        "paused uncertain waiting expiring degraded auto_reply unverified needs_attention deleting "
        "maintenance warning"
    ),
    # it failed
    "bad": "failed bounced rejected refused broken invalid disconnected expired outage error",
    # nothing more will happen, or nothing has yet
    "idle": (
        "draft enrolled new stopped disqualified opted_out suppressed erased disabled archived closed undone "
        "anonymised not_certified duplicate skipped debug "
        "not_interested other"
    ),
}
TONES = {state: family for family, states in FAMILIES.items() for state in states.split()}


def tone(state: object) -> str:
    """The tone of a state by its stored value; a state that nobody listed is `idle`."""
    return TONES.get(str(state).lower().replace("-", "_").replace(" ", "_"), "idle")
