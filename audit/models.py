"""The append-only log. The table is partitioned by month; see migration 0001."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from audit.events import Event
from keychain.fields import SealedJSON
from paitho.lib.ids import uuid7
from tenants.models import Purpose


class AuditRow(models.Model):
    """One auth or admin event; who, from where and what are sealed in `details`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40)
    actor_id = models.UUIDField(null=True)
    about_id = models.UUIDField(null=True)
    details = SealedJSON(purpose=Purpose.AUDIT)

    class Meta:
        db_table = "audit_log"

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def label(self) -> str:
        return str(Event(self.event).label)

    @property
    def actor(self) -> str:
        return str(self.details.get("actor", ""))

    @property
    def ip(self) -> str:
        return str(self.details.get("ip", ""))

    @property
    def about(self) -> str:
        return str(self.details.get("about", ""))

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What else was recorded, as terms and words."""
        data = self.details.get("data") or {}
        return [(str(term).replace("_", " ").capitalize(), _words(value)) for term, value in data.items()]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
