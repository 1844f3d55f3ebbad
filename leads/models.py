"""Whom we write to: leads, where they came from, and whom nobody may write to."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from keychain.fields import SealedBytes, SealedJSON, SealedText
from paitho.lib.ids import uuid7


class Standing(models.TextChoices):
    """What is known of a lead's address."""

    OPEN = "open", "Open"
    BOUNCED = "bounced", "Bounced"
    OPTED_OUT = "opted_out", "Opted out"


class ImportState(models.TextChoices):
    """uploaded -> mapped -> running -> done; any -> failed; done -> undone."""

    UPLOADED = "uploaded", "Uploaded"
    MAPPED = "mapped", "Mapped"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
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
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    place = models.JSONField(null=True, help_text="[byte, row] at which the next batch begins.")
    problem = models.CharField(max_length=300, blank=True, default="")
    started_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "imports"

    def __str__(self) -> str:
        return f"import {self.pk}"


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
    cells = SealedJSON(help_text="The row's cells, or its raw text where it could not be split.")
    reason = models.CharField(max_length=300)

    class Meta:
        db_table = "import_rejects"
        indexes = [models.Index(fields=["job", "number"], name="import_rejects_in_order")]

    def __str__(self) -> str:
        return f"row {self.number}"


class Lead(models.Model):
    """A person's record: one sealed profile, and the blind indexes by which it is found."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    profile = SealedJSON()
    email_index = models.BinaryField(max_length=32)
    domain_index = models.BinaryField(max_length=32)
    words = ArrayField(models.BigIntegerField(), default=list, blank=True)
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.OPEN)
    source = models.ForeignKey(Import, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "leads"
        constraints = [models.UniqueConstraint(fields=["email_index"], name="leads_email_once")]
        indexes = [
            models.Index(fields=["domain_index"], name="leads_domain"),
            GinIndex(fields=["words"], name="leads_words"),
        ]

    def __str__(self) -> str:
        return str(self.profile.get("email", ""))


class Reason(models.TextChoices):
    """Why an address or a domain is suppressed."""

    OPT_OUT = "opt_out", "Opted out"
    BOUNCE = "bounce", "Bounced"
    COMPLAINT = "complaint", "Complained"
    ERASURE = "erasure", "Erased on request"
    BY_HAND = "by_hand", "Added by hand"


class Suppression(models.Model):
    """Nobody here writes to this address, or to this domain; only its blind index is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    index = models.BinaryField(max_length=32)
    covers_domain = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=Reason)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "suppressions"
        constraints = [models.UniqueConstraint(fields=["index", "covers_domain"], name="suppressions_once")]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"
