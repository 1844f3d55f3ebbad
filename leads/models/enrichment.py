"""Who may be asked about a lead, and what came back."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from keychain.fields import SealedJSON, SealedText
from keychain.models import Credential
from leads.models.lead import Lead
from paitho.lib.ids import uuid7


class Source(models.TextChoices):
    """Who may be asked about a lead. The values are those of their credentials' kinds."""

    APOLLO = "apollo", "Apollo"
    ROCKETREACH = "rocketreach", "RocketReach"
    ZOOMINFO = "zoominfo", "ZoomInfo"
    INDIAMART = "indiamart", "IndiaMART"
    DIRECTORY = "directory", "Local directory (HTTP)"
    FILE = "file", "Local directory (CSV)"


class EnrichmentOptIn(models.Model):
    """An owner's word that a provider may be asked, with the workspace's own key; without it none is.

    A directory that is a file of the workspace's own has no key: its rows are `Listing`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.OneToOneField(Credential, on_delete=models.CASCADE, null=True, related_name="+")
    file_name = SealedText(null=True)
    most_a_month = models.PositiveIntegerField(null=True, help_text="Questions; none is no limit.")
    wait_until = models.DateTimeField(null=True, help_text="When the provider asked for a pause.")
    fetched_at = models.DateTimeField(null=True, help_text="Of a source that is read as a whole.")
    opted_in_by = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "enrichment_opt_ins"

    def __str__(self) -> str:
        return f"opt-in {self.pk}"

    @property
    def source(self) -> Source:
        return Source(self.credential.kind) if self.credential else Source.FILE


class Listing(models.Model):
    """One person in a source that is read as a whole: a directory's file, enquiries that came in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    opt_in = models.ForeignKey(
        EnrichmentOptIn, on_delete=models.CASCADE, related_name="listings", db_index=False
    )
    email_index = models.BinaryField(max_length=32, null=True)
    other_index = models.BinaryField(max_length=32, null=True, help_text="Of name and company, or the phone.")
    fields = SealedJSON()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "listings"
        indexes = [
            models.Index(fields=["opt_in", "email_index"], name="listings_address"),
            models.Index(fields=["opt_in", "other_index"], name="listings_other"),
            models.Index(fields=["email_index"], name="listings_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"listing {self.pk}"


class Enrichment(models.Model):
    """One question to a provider about one lead, and what came back; a person says what is applied."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrichments")
    provider = models.CharField(max_length=12, choices=Source)
    outcome = models.CharField(max_length=16)
    sentence = SealedText()
    asked = SealedJSON(help_text="{field: value} that left for the provider")
    fields = SealedJSON(help_text="{field: value} that came back, cleaned")
    credits = models.PositiveIntegerField(null=True)
    job = models.ForeignKey(
        "leads.Bulk",
        on_delete=models.SET_NULL,
        null=True,
        related_name="answers",
        help_text="If many were asked about.",
    )
    asked_by = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "enrichments"
        indexes = [models.Index(fields=["lead", "-at"], name="enrichments_of_lead")]

    def __str__(self) -> str:
        return f"{self.provider} {self.at:%Y-%m-%d}"
