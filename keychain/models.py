"""Credentials of a workspace: provider keys and mailbox passwords, sealed; never shown again."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from keychain.fields import SealedSecret, SealedText
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
    secret = SealedSecret()
    endpoint = SealedText(null=True, blank=True)
    last_four = models.CharField(max_length=4, blank=True, default="")
    fingerprint = models.CharField(max_length=16, blank=True, default="")
    added_by = models.UUIDField(null=True, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "credentials"

    def __str__(self) -> str:
        return self.label

    @property
    def ending(self) -> str:
        """What may be shown of the key."""
        return f"ends in {self.last_four}" if self.last_four else "sealed"
