"""Whom we write to: leads, where they came from, and whom nobody may write to."""

from leads.models.enrichment import Enrichment, EnrichmentOptIn, Listing, Source
from leads.models.imports import (
    Import,
    ImportPart,
    ImportReject,
    ImportState,
    ImportTrial,
    ImportTrialSeen,
)
from leads.models.lead import ImportChange, Label, LabelKind, Labelled, Lead, Standing
from leads.models.lists import Bulk, BulkAction, SavedFilter
from leads.models.privacy import Reason, RequestKind, SubjectRequest, Suppression

__all__ = [
    "Bulk",
    "BulkAction",
    "Enrichment",
    "EnrichmentOptIn",
    "Import",
    "ImportChange",
    "ImportPart",
    "ImportReject",
    "ImportState",
    "ImportTrial",
    "ImportTrialSeen",
    "Label",
    "LabelKind",
    "Labelled",
    "Lead",
    "Listing",
    "Reason",
    "RequestKind",
    "SavedFilter",
    "Source",
    "Standing",
    "SubjectRequest",
    "Suppression",
]
