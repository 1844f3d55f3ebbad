"""What jobs measured: the components' states and history, and the runs of the posture's checks."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from paitho.lib.ids import uuid7
from trust.models.status import COMPONENTS


class ComponentState(models.Model):
    """How one component was when it was last probed."""

    class State(models.TextChoices):
        OPERATIONAL = "operational", "Operational"
        DEGRADED = "degraded", "Degraded"
        OUTAGE = "outage", "Outage"

    component = models.CharField(max_length=16, choices=COMPONENTS, primary_key=True)
    state = models.CharField(max_length=12, choices=State)
    note = models.CharField(max_length=160, blank=True)
    probed_at = models.DateTimeField(default=timezone.now)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "component_states"

    def __str__(self) -> str:
        return f"{self.get_component_display()}: {self.get_state_display()}"


class ComponentDay(models.Model):
    """One day of one component: how many probes found it how."""

    component = models.CharField(max_length=16, choices=COMPONENTS)
    day = models.DateField()
    operational = models.PositiveIntegerField(default=0)
    degraded = models.PositiveIntegerField(default=0)
    outage = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "component_days"
        constraints = [models.UniqueConstraint(fields=["component", "day"], name="component_days_one_a_day")]

    def __str__(self) -> str:
        return f"{self.component} {self.day}"


class PostureRun(models.Model):
    """One run of every check; `workspace` is empty when it looked at the whole cell."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.CharField(max_length=40, blank=True)
    workspace = models.CharField(max_length=31, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    proved = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "posture_runs"
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.proved} proved, {self.failed} failed"


class PostureResult(models.Model):
    """What one check found. `saw` is for the public; `detail` may name workspaces and is for operators."""

    class Outcome(models.TextChoices):
        PROVED = "proved", "Proved"
        FAILED = "failed", "Failed"
        WAITING = "waiting", "Nothing to look at yet"

    run = models.ForeignKey(PostureRun, on_delete=models.CASCADE, related_name="results")
    check_name = models.CharField(max_length=60)
    outcome = models.CharField(max_length=8, choices=Outcome)
    saw = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "posture_results"
        constraints = [
            models.UniqueConstraint(fields=["run", "check_name"], name="posture_results_one_per_check")
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.get_outcome_display()}"
