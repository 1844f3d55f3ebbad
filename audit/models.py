"""The append-only log. The table is partitioned by month; see migration 0001."""

from __future__ import annotations

from typing import Any, cast

from django.db import models
from django.utils import timezone

from audit.events import Event
from audit.lines import digest
from keychain.fields import SealedBytes, SealedJSON
from paitho.lib.ids import uuid7
from tenants.models import Purpose


class Xid(models.BigIntegerField):  # type: ignore[type-arg]
    """A transaction's number (xid8) as an integer."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        """As text: PostgreSQL compares xid8 with no number."""
        return None if value is None else str(value)


def xid() -> models.GeneratedField:
    """The transaction that wrote the row. The database fills it in, and grants nobody to say it."""
    written_by: Any = models.Func(function="pg_current_xact_id")
    return models.GeneratedField(expression=written_by, output_field=Xid(), db_persist=True)


class LineHash(models.BinaryField):  # type: ignore[type-arg]
    """The line's digest, made as the row is written; NULL where the details hold no salt to hide them."""

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        row = cast("AuditRow", model_instance)
        if "salt" not in row.details:
            return None
        details = AuditRow._meta.get_field("details")
        as_read = details.decode(details.encode(row.details))
        return digest(row.id, row.at, row.event, row.actor_id, row.about_id, as_read)


class AuditRow(models.Model):
    """One auth or admin event; who, from where and what are sealed in `details`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40)
    actor_id = models.UUIDField(null=True)
    about_id = models.UUIDField(null=True)
    details = SealedJSON(purpose=Purpose.AUDIT)
    xid = xid()
    hash = LineHash(null=True, max_length=32)

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
    def haystack(self) -> str:
        """All that a search looks at, in lower case."""
        said = [
            self.label,
            self.actor,
            self.ip,
            self.about,
            *(f"{term} {words}" for term, words in self.facts),
        ]
        return " ".join(said).casefold()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What else was recorded, as terms and words."""
        data = self.details.get("data") or {}
        return [(str(term).replace("_", " ").capitalize(), _words(value)) for term, value in data.items()]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


class AuditSeal(models.Model):
    """One link of the chain over the log: the lines of one month that some transactions wrote.

    Numbers run from 1. Nothing in a seal is personal: it can be given to anyone, to check the log with later.
    """

    number = models.BigIntegerField(primary_key=True)
    epoch = models.IntegerField(help_text="Counts up with each restore.")
    month = models.DateField(null=True, help_text="None in the seal that opens an epoch.")
    xid_from = models.BigIntegerField()
    xid_until = models.BigIntegerField(help_text="The first transaction that is not in it.")
    rows = models.IntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    rows_hash = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "audit_seals"

    def __str__(self) -> str:
        return f"seal {self.number}"


class RetentionRun(models.Model):
    """What one run of the retention job took out, by rule."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    took_ms = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, help_text="{rule: count}")

    class Meta:
        db_table = "retention_runs"
        indexes = [models.Index(fields=["-at"], name="retention_runs_newest")]

    def __str__(self) -> str:
        return f"retention {self.at:%Y-%m-%d %H:%M}"


class ExportState(models.TextChoices):
    """asked -> running -> ready -> ended; asked | running -> failed."""

    ASKED = "asked", "Waiting"
    RUNNING = "running", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    ENDED = "ended", "Deleted"


class Export(models.Model):
    """One export an owner asked for. The file is sealed, under a key that only this row holds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=8, choices=ExportState, default=ExportState.ASKED)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField(default=timezone.now)
    place = models.CharField(max_length=300, blank=True, default="", help_text="The directory or bucket.")
    name = models.CharField(max_length=200, blank=True, default="", help_text="The file's name there.")
    key = SealedBytes(null=True)
    size = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "exports"
        indexes = [models.Index(fields=["-asked_at"], name="exports_newest")]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in {ExportState.ASKED, ExportState.RUNNING}
