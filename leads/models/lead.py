"""A person's record, what an import changed of it, and the tags and lists that it is on."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from keychain.fields import SealedJSON
from leads.models.imports import Import
from paitho.lib.ids import uuid7


class Standing(models.TextChoices):
    """What is known of a lead's address."""

    OPEN = "open", "Open"
    BOUNCED = "bounced", "Bounced"
    OPTED_OUT = "opted_out", "Opted out"
    SUPPRESSED = "suppressed", "Suppressed"


class Lead(models.Model):
    """A person's record: one sealed profile, and the blind indexes by which it is found."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    profile = SealedJSON()
    email_index = models.BinaryField(max_length=32)
    domain_index = models.BinaryField(max_length=32)
    words = ArrayField(models.BigIntegerField(), default=list, blank=True)
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.OPEN)
    source = models.ForeignKey(
        Import, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads", db_index=False
    )
    source_row = models.PositiveIntegerField(null=True, blank=True, help_text="Of the file it came from.")
    origins = SealedJSON(
        null=True, help_text="{field: {by, from, at}} for what does not stand in the first row."
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "leads"
        constraints = [models.UniqueConstraint(fields=["email_index"], name="leads_email_once")]
        indexes = [
            models.Index(fields=["domain_index"], name="leads_domain"),
            models.Index(fields=["standing", "id"], name="leads_standing"),
            models.Index(fields=["updated_at", "id"], name="leads_changed"),
            models.Index(fields=["source", "id"], name="leads_source"),
            GinIndex(fields=["words"], name="leads_words"),
        ]

    def __str__(self) -> str:
        """Never the address: this is what the audit log keeps after a lead is erased."""
        return f"lead {self.pk}"

    @property
    def email(self) -> str:
        return str(self.profile["email"])

    @property
    def name(self) -> str:
        said = self.profile
        whole = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
        return whole or str(said.get("full_name", ""))


class ImportChange(models.Model):
    """What a lead was before an import changed it, sealed, so that the import can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="changes")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    before = SealedJSON(help_text="{profile, origins}")
    changed_at = models.DateTimeField(help_text="The lead's updated_at after the change.")

    class Meta:
        db_table = "import_changes"
        constraints = [models.UniqueConstraint(fields=["job", "lead"], name="import_changes_once")]

    def __str__(self) -> str:
        return f"change of {self.lead_id}"


class LabelKind(models.TextChoices):
    TAG = "tag", "Tag"
    LIST = "list", "List"


class Label(models.Model):
    """A tag, or a list: a name under which leads are found."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=4, choices=LabelKind)
    name = models.CharField(max_length=60)
    leads = models.ManyToManyField(Lead, through="Labelled", related_name="labels")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "labels"
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="labels_once")]
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class Labelled(models.Model):
    """A lead that carries a label."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="+")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="labelled")
    job = models.ForeignKey(
        "leads.Bulk",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Where it was put on many leads at once; one alone has an audit line of its own.",
    )

    class Meta:
        db_table = "labelled"
        constraints = [models.UniqueConstraint(fields=["label", "lead"], name="labelled_once")]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.lead_id}"
