"""Filters that are kept, and one action over many leads."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import models
from django.utils import timezone

from keychain.fields import SealedJSON, SealedText
from leads.models.enrichment import Source
from leads.models.lead import Label
from paitho.lib.ids import uuid7


class SavedFilter(models.Model):
    """A filter that the team keeps under a name; what is searched for may be a person, so both are sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = SealedText()
    choice = SealedJSON(help_text="What stands in the address: {q, standing, …, sort}")
    made_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "saved_filters"

    def __str__(self) -> str:
        return f"filter {self.pk}"

    @property
    def address(self) -> str:
        """What follows the question mark."""
        return urlencode(self.choice)


class BulkAction(models.TextChoices):
    LABEL = "label", "Label"
    UNLABEL = "unlabel", "Take the label off"
    SUPPRESS = "suppress", "Suppress"
    DELETE = "delete", "Delete"
    ENRICH = "enrich", "Enrich"
    APPLY = "apply", "Take answers over"


class Bulk(models.Model):
    """One action over many leads, done in batches in the background; `after` is the last lead done."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(max_length=8, choices=BulkAction)
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=12, choices=Source, blank=True, default="", db_default="")
    choice = SealedJSON(help_text="{ids}, {filter} or {answers_of}: which leads")
    until = models.UUIDField(help_text="No lead made after this one is touched.")
    after = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, db_default=0, help_text="Answers that know something.")
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")
    actor = SealedJSON(help_text="{name, ip} of the member who asked")
    started_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "bulk_jobs"

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
