"""Incidents and maintenance, as operators tell them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

COMPONENTS = [
    ("web", "Web pages"),
    ("database", "Database"),
    ("redis", "Queue store"),
    ("workers", "Workers"),
    ("queue", "Background work"),
    ("sync", "Reading mail"),
    ("send", "Sending mail"),
    ("kms", "Key management"),
    ("backups", "Backups"),
]


def _components() -> ArrayField[list[str], list[str]]:
    return ArrayField(models.CharField(max_length=16, choices=COMPONENTS), default=list, blank=True)


class Incident(models.Model):
    """Something that is or was wrong; its story is its updates."""

    class Impact(models.TextChoices):
        DEGRADED = "degraded", "Degraded"
        OUTAGE = "outage", "Outage"
        SECURITY = "security", "Security"

    title = models.CharField(max_length=140)
    impact = models.CharField(max_length=12, choices=Impact, default=Impact.DEGRADED)
    components = _components()
    started_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "incidents"
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                name="incidents_end_after_they_start",
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("started_at")),
            )
        ]

    def __str__(self) -> str:
        return self.title


class IncidentUpdate(models.Model):
    """What was known of an incident at one moment."""

    class State(models.TextChoices):
        INVESTIGATING = "investigating", "Investigating"
        IDENTIFIED = "identified", "Identified"
        MONITORING = "monitoring", "Monitoring"
        RESOLVED = "resolved", "Resolved"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State, default=State.INVESTIGATING)
    text = models.TextField()
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "incident_updates"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.incident}"


class Maintenance(models.Model):
    """A window in which something is planned to be away."""

    title = models.CharField(max_length=140)
    text = models.TextField()
    components = _components()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    announced_at = models.DateTimeField(db_default=Now(), editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "maintenance_windows"
        ordering = ["-starts_at"]
        verbose_name = "maintenance window"
        constraints = [
            models.CheckConstraint(
                name="maintenance_windows_end_after_they_start", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return self.title
