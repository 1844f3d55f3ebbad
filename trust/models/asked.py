"""What visitors of the public site leave with us: sealed, under a key of each row's own."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from paitho.lib.ids import uuid7
from tenants.models import Workspace
from trust.models.stated import Entry


class SealedRow(models.Model):
    """A row whose personal part is one sealed JSON (`trust.sealing`), under a key that KMS wrapped."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sealed = models.BinaryField()
    wrapped = models.BinaryField()
    kms = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class Subscriber(SealedRow):
    """An address that asked to be told; it counts once its owner has confirmed it."""

    address_hash = models.BinaryField(unique=True, help_text="Keyed: one subscription per address.")
    token_hash = models.BinaryField(unique=True)
    wants_changes = models.BooleanField(default=True)
    wants_status = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "subscribers"

    def __str__(self) -> str:
        return f"subscriber {self.pk}"


class Letter(models.Model):
    """One notice to one subscriber; a row before it is a message."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="letters")
    about = models.CharField(max_length=40, help_text="entry:7, update:3 or maintenance:2")
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "letters"
        constraints = [models.UniqueConstraint(fields=["subscriber", "about"], name="letters_once")]
        indexes = [
            models.Index(fields=["due_at"], name="letters_due", condition=models.Q(sent_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.about


class Telling(models.Model):
    """The owners of a workspace were told of an entry."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="tellings")
    at = models.DateTimeField(default=timezone.now, help_text="When it was taken up.")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "tellings"
        constraints = [models.UniqueConstraint(fields=["workspace", "entry"], name="tellings_once")]

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.entry_id}"


class DpaRequest(SealedRow):
    """Someone asked for the data processing addendum: name, company, address, region."""

    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it was passed on to us by mail.")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "dpa_requests"

    def __str__(self) -> str:
        return f"request of {self.created_at:%Y-%m-%d}"


class WorkspaceSearch(SealedRow):
    """Someone forgot where their workspace is; one mail answers when every workspace was looked at."""

    after = models.CharField(max_length=31, blank=True, help_text="The slug up to which it has looked.")
    found = ArrayField(models.CharField(max_length=31), default=list)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "workspace_searches"

    def __str__(self) -> str:
        return f"search {self.pk}"
