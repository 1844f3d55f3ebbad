"""One uploaded file: its state, its sealed parts while it waits, and the rows that were not taken in."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from keychain.fields import SealedBytes, SealedJSON, SealedText
from paitho.lib.ids import uuid7


class ImportState(models.TextChoices):
    """uploaded -> mapped -> running -> done | failed; done | failed -> undoing -> undone."""

    UPLOADED = "uploaded", "Uploaded"
    MAPPED = "mapped", "Mapped"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"


class Import(models.Model):
    """One uploaded file and what became of its rows; the file itself is sealed while it waits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    file_name = SealedText()
    sheet = SealedJSON(null=True)
    mapping = SealedJSON(null=True)
    policy = models.CharField(max_length=10, default="skip")
    rows = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0, help_text="Leads that the undoing took out.")
    restored = models.PositiveIntegerField(default=0, help_text="Leads that the undoing set back.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    place = models.JSONField(null=True, help_text="[byte, row] at which the next batch begins.")
    problem = models.CharField(max_length=300, blank=True, default="")
    started_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "imports"

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def has_begun(self) -> bool:
        return self.state not in {ImportState.UPLOADED, ImportState.MAPPED}

    @property
    def not_taken(self) -> int:
        """Rows that are in the rejects file."""
        return self.duplicates + self.suppressed + self.rejected

    @property
    def is_settled(self) -> bool:
        """Nothing more happens to it by itself."""
        return self.state in {ImportState.DONE, ImportState.FAILED, ImportState.UNDONE}


class ImportTrial(models.Model):
    """A dry run over all of a waiting file: what its rows would become, as far as it has come."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.OneToOneField(Import, on_delete=models.CASCADE, related_name="trial")
    rows = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    place = models.JSONField(null=True, help_text="[byte, row] at which the next batch begins.")
    refused = SealedJSON(default=list, help_text="[[row, what it says, why not], …]: a few of each reason.")
    problem = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "import_trials"

    def __str__(self) -> str:
        return f"trial {self.pk}"


class ImportTrialSeen(models.Model):
    """An address that a trial has met, as eight bytes of its blind index; all go when the trial ends."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    trial = models.ForeignKey(ImportTrial, on_delete=models.CASCADE, related_name="seen", db_index=False)
    fingerprint = models.BigIntegerField()

    class Meta:
        db_table = "import_trial_seen"
        constraints = [
            models.UniqueConstraint(fields=["trial", "fingerprint"], name="import_trial_seen_once")
        ]

    def __str__(self) -> str:
        return f"seen {self.pk}"


class ImportPart(models.Model):
    """A piece of an uploaded file, sealed while the import has to read it; deleted with its end."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = SealedBytes()

    class Meta:
        db_table = "import_parts"
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="import_parts_once")]

    def __str__(self) -> str:
        return f"part {self.number}"


class ImportReject(models.Model):
    """A row that was not imported, and the sentence that says why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    number = models.PositiveIntegerField()
    email_index = models.BinaryField(max_length=32, null=True, help_text="Where the row holds an address.")
    cells = SealedJSON(help_text="The row's cells, or its raw text where it could not be split.")
    reason = models.CharField(max_length=300)

    class Meta:
        db_table = "import_rejects"
        indexes = [
            models.Index(fields=["job", "number"], name="import_rejects_in_order"),
            models.Index(fields=["email_index"], name="import_rejects_address"),
        ]

    def __str__(self) -> str:
        return f"row {self.number}"
