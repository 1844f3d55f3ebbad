"""Whom nobody may write to, and what people ask about their data."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from keychain.fields import SealedJSON, SealedText
from paitho.lib.ids import uuid7


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
    reminded = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many reminders owners have had."
    )
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "subject_requests"
        indexes = [models.Index(fields=["due_at"], name="subject_requests_due")]

    def __str__(self) -> str:
        return f"{self.kind} request {self.pk}"
