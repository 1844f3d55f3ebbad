"""Writes to leads, by what they are about."""

from leads.actions.bulk import bulk_slice
from leads.actions.imports import import_slice, mapping_of, start, upload
from leads.actions.suppression import lift, suppress, suppress_index
from leads.actions.trials import dry_run, trial_slice

__all__ = [
    "bulk_slice",
    "dry_run",
    "import_slice",
    "lift",
    "mapping_of",
    "start",
    "suppress",
    "suppress_index",
    "trial_slice",
    "upload",
]
