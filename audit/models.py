"""The append-only log. The table is partitioned by month; see migration 0001."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from audit.events import Event
from keychain.fields import SealedJSON
from paitho.lib.ids import uuid7


class AuditRow(models.Model):
    """One auth or admin event; who, from where and what are sealed in `details`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40)
    actor_id = models.UUIDField(null=True)
    about_id = models.UUIDField(null=True)
    details = SealedJSON()

    class Meta:
        db_table = "audit_log"

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def label(self) -> str:
        return str(Event(self.event).label)
