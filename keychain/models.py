"""Credentials of a workspace: provider keys and mailbox passwords, sealed; never shown again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from keychain.fields import SealedJSON, SealedSecret, SealedText
from paitho.lib.ids import uuid7


class Kind(models.TextChoices):
    """What a credential opens."""

    OPENAI = "openai", "OpenAI"
    ANTHROPIC = "anthropic", "Anthropic"
    GOOGLE = "google", "Google"
    COMPATIBLE = "compatible", "OpenAI-compatible endpoint"
    SANDBOX = "sandbox", "Sandbox writer"
    MAILBOX = "mailbox", "Mailbox password"
    OAUTH = "oauth", "Mailbox sign-in token"
    APOLLO = "apollo", "Apollo"
    ROCKETREACH = "rocketreach", "RocketReach"
    ZOOMINFO = "zoominfo", "ZoomInfo"
    INDIAMART = "indiamart", "IndiaMART"
    DIRECTORY = "directory", "Local directory"


class Credential(models.Model):
    """One secret and what may be said of it: a label, its last four characters and a fingerprint."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=80)
    secret = SealedSecret(null=True)
    endpoint = SealedText(null=True, blank=True)
    last_four = models.CharField(max_length=4, blank=True, default="")
    fingerprint = models.CharField(max_length=16, blank=True, default="")
    added_by = models.UUIDField(null=True, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="It came back with a restore, without its secret."
    )

    class Meta:
        db_table = "credentials"

    def __str__(self) -> str:
        return self.label

    @property
    def ending(self) -> str:
        """What may be shown of the key."""
        if self.removed_at:
            return "removed"
        return f"ends in {self.last_four}" if self.last_four else "sealed"


class KeyWork(models.TextChoices):
    """What is done to the workspace's own keys."""

    DATA = "data", "New data key"
    INDEX = "index", "New index key"
    WRAPS = "wraps", "Another KMS key"


class KeyState(models.TextChoices):
    """wanted -> working -> sweeping -> retiring -> done; any -> failed. `keychain.rotation` has the moves."""

    WANTED = "wanted", "Beginning"
    WORKING = "working", "Sealing again"
    SWEEPING = "sweeping", "Checking"
    RETIRING = "retiring", "Deleting the old key"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


OVER = [KeyState.DONE, KeyState.FAILED]


class IndexVersion(models.Model):
    """How many parts of the index key the blind indexes here were made with; no row is one part."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField()
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "index_version"

    def __str__(self) -> str:
        return f"version {self.version}"


class KeyJob(models.Model):
    """One change of the workspace's keys: how far it has come, from where it goes on, and who asked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    work = models.CharField(max_length=5, choices=KeyWork)
    state = models.CharField(max_length=8, choices=KeyState, default=KeyState.WANTED)
    version = models.PositiveIntegerField(default=0, help_text="Of the new key.")
    kms = SealedText(default="", help_text="The KMS key to wrap with: an ARN, or empty for the cell's own.")
    drops_at_once = models.BooleanField(default=False, help_text="Backups of before cannot be read after it.")
    table = models.CharField(max_length=63, blank=True, default="", help_text="Where it goes on,")
    after = models.UUIDField(null=True, help_text="after this row.")
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    fence_at = models.DateTimeField(null=True, help_text="From when on every process knows the new key.")
    fence_xid = models.BigIntegerField(null=True, help_text="Older transactions may still use the old one.")
    keeps_until = models.DateTimeField(null=True, help_text="Backups need the old key until then.")
    problem = models.CharField(max_length=300, blank=True, default="")
    actor = SealedJSON(help_text="{name, ip} of who asked")
    started_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "key_jobs"
        constraints = [
            models.UniqueConstraint(
                fields=["work"], condition=~Q(state__in=["done", "failed"]), name="key_jobs_one_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.get_work_display().lower()

    @property
    def is_over(self) -> bool:
        return self.state in OVER
