"""Whom we write to: leads, where they came from, and whom nobody may write to."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from keychain.fields import SealedBytes, SealedJSON, SealedText
from keychain.models import Credential, Kind
from paitho.lib.ids import uuid7


class Standing(models.TextChoices):
    """What is known of a lead's address."""

    OPEN = "open", "Open"
    BOUNCED = "bounced", "Bounced"
    OPTED_OUT = "opted_out", "Opted out"
    SUPPRESSED = "suppressed", "Suppressed"


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
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "labelled"
        constraints = [models.UniqueConstraint(fields=["label", "lead"], name="labelled_once")]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.lead_id}"


class BulkAction(models.TextChoices):
    LABEL = "label", "Label"
    UNLABEL = "unlabel", "Take the label off"
    SUPPRESS = "suppress", "Suppress"
    DELETE = "delete", "Delete"


class Bulk(models.Model):
    """One action over many leads, done in batches in the background; `after` is the last lead done."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(max_length=8, choices=BulkAction)
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, related_name="+")
    choice = SealedJSON(help_text="{ids} or {filter}: which leads")
    until = models.UUIDField(help_text="No lead made after this one is touched.")
    after = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    actor = SealedJSON(help_text="{name, ip} of the member who asked")
    started_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "bulk_jobs"

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class Reason(models.TextChoices):
    """Why an address or a domain is suppressed."""

    OPT_OUT = "opt_out", "Opted out"
    BOUNCE = "bounce", "Bounced"
    COMPLAINT = "complaint", "Complained"
    ERASURE = "erasure", "Erased on request"
    BY_HAND = "by_hand", "Added by hand"


class Suppression(models.Model):
    """Nobody here writes to this address, or to this domain.

    Of an address only the blind index is kept. A domain is no person: its name is kept, to be shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    index = models.BinaryField(max_length=32)
    covers_domain = models.BooleanField(default=False)
    domain = SealedText(null=True)
    reason = models.CharField(max_length=10, choices=Reason)
    added_by = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "suppressions"
        constraints = [models.UniqueConstraint(fields=["index", "covers_domain"], name="suppressions_once")]
        indexes = [models.Index(fields=["-at"], name="suppressions_at")]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"

    @property
    def words(self) -> str:
        """The sentence for the page of a lead that it covers."""
        what = "Everyone at this domain" if self.covers_domain else "This address"
        return f"{what} is suppressed: {self.get_reason_display().lower()}, {self.at:%d %B %Y}."

    @property
    def may_be_lifted(self) -> bool:
        """Only what the team itself or a server said; never what the recipient did."""
        return self.reason in {Reason.BY_HAND, Reason.BOUNCE}


class RequestKind(models.TextChoices):
    ACCESS = "access", "Access"
    ERASURE = "erasure", "Erasure"


class SubjectRequest(models.Model):
    """What a person asked of us about their data, when it is due, and what was done.

    The address is kept, sealed, until an erasure is done; then only its blind index and the receipt stay.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=RequestKind)
    email = SealedText(null=True)
    email_index = models.BinaryField(max_length=32)
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    receipt = SealedJSON(null=True)
    opened_by = models.UUIDField(null=True)

    class Meta:
        db_table = "subject_requests"
        indexes = [models.Index(fields=["due_at"], name="subject_requests_due")]

    def __str__(self) -> str:
        return f"{self.kind} request {self.pk}"


class EnrichmentOptIn(models.Model):
    """An owner's word that a provider may be asked, with the workspace's own key; without it none is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.OneToOneField(Credential, on_delete=models.CASCADE, related_name="+")
    opted_in_by = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "enrichment_opt_ins"

    def __str__(self) -> str:
        return f"opt-in {self.pk}"


class Enrichment(models.Model):
    """One question to a provider about one lead, and what came back; a person says what is applied."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrichments")
    provider = models.CharField(max_length=12, choices=Kind)
    outcome = models.CharField(max_length=16)
    sentence = SealedText()
    asked = SealedJSON(help_text="{field: value} that left for the provider")
    fields = SealedJSON(help_text="{field: value} that came back, cleaned")
    credits = models.PositiveIntegerField(null=True)
    asked_by = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "enrichments"
        indexes = [models.Index(fields=["lead", "-at"], name="enrichments_of_lead")]

    def __str__(self) -> str:
        return f"{self.provider} {self.at:%Y-%m-%d}"
