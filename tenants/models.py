"""The directory: what the control plane knows of workspaces. No customer record is in it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from paitho.lib.ids import uuid7


class State(models.TextChoices):
    """A workspace's life; `tenants.lifecycle` has the moves.

    pending -> active <-> suspended; active, suspended <-> deleting (until the grace ends) -> deleted
    """

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    DELETED = "deleted"


class Step(models.TextChoices):
    """How far provisioning has come; each step may be repeated."""

    RESERVED = "reserved"
    KEYS = "keys"
    ROLES = "roles"
    DONE = "done"


class Workspace(models.Model):
    """One customer's workspace: its slug names the schema, the roles and the host."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=31, unique=True)
    region = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    step = models.CharField(max_length=12, choices=Step, default=Step.RESERVED)
    schema_version = models.PositiveIntegerField(default=0)
    plan = models.CharField(max_length=20, default="trial")
    problem = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="", db_default="", help_text="Why it is suspended.")
    wanted_slug = models.CharField(
        max_length=31, blank=True, default="", db_default="", help_text="A new name that was asked for."
    )
    was = models.CharField(
        max_length=12, choices=State, blank=True, default="", db_default="", help_text="Before deleting."
    )
    delete_after = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "workspaces"
        constraints = [
            models.CheckConstraint(
                name="workspaces_slug_is_a_name",
                condition=Q(slug__regex=r"^[a-z][a-z0-9-]{2,30}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class HostKind(models.TextChoices):
    """Where a host comes from; a former one only leads to the present one."""

    SLUG = "slug"
    FORMER = "former"
    CUSTOM = "custom"


class Domain(models.Model):
    """A host (without port) on which a workspace answers."""

    host = models.CharField(max_length=253, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="domains")
    is_primary = models.BooleanField(default=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(
        max_length=8, choices=HostKind, default=HostKind.SLUG, db_default=HostKind.SLUG.value
    )
    proof = models.CharField(max_length=64, blank=True, default="", db_default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "domains"

    def __str__(self) -> str:
        return self.host


class DomainClaim(models.Model):
    """A host that a workspace says is its own, until a TXT record there proves it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="claims")
    host = models.CharField(max_length=253)
    proof = models.CharField(max_length=64, help_text="What the TXT record has to say.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "domain_claims"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "host"], name="domain_claims_one_per_host")
        ]

    def __str__(self) -> str:
        return self.host


class FormerSlug(models.Model):
    """A name nobody else may take: a renamed workspace's old one, or a removed one's for a while."""

    slug = models.CharField(max_length=31, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, blank=True)
    free_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "former_slugs"

    def __str__(self) -> str:
        return self.slug


class Removal(models.Model):
    """The receipt of a workspace's removal: what went and when; it stays when nothing else does."""

    id = models.UUIDField(primary_key=True, help_text="The workspace's.")
    slug = models.CharField(max_length=31)
    region = models.CharField(max_length=12)
    asked_by = models.CharField(max_length=12, help_text="owner or operator: no name is kept.")
    asked_at = models.DateTimeField()
    token_hash = models.BinaryField(null=True, unique=True, help_text="Of the link that shows it.")
    rows = models.JSONField(default=dict, help_text="How many rows each table held.")
    keys = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True)
    backups_gone_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "removals"

    def __str__(self) -> str:
        return self.slug


class Purpose(models.TextChoices):
    """What a wrapped key opens; the name is part of the KMS encryption context."""

    LOGIN = "login"
    DATA = "data"
    INDEX = "index"
    LLM = "llm"
    AUDIT = "audit"


class WrappedKey(models.Model):
    """A key of a workspace, wrapped by KMS. Deleting the row shreds what it sealed."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="keys")
    purpose = models.CharField(max_length=12, choices=Purpose)
    version = models.PositiveIntegerField(help_text="Counts up from 1; of monthly keys the month as YYYYMM.")
    kms = models.TextField(help_text="The KMS key that wrapped it: local:<fingerprint> or an ARN.")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "wrapped_keys"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "purpose", "version"], name="wrapped_keys_one_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.purpose} {self.version}"


class Bell(models.Model):
    """Work of one kind is due in one workspace. A claimed bell is being worked on until the lease ends."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="bells")
    kind = models.CharField(max_length=12)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "bells"
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="bells_one_per_kind")]
        indexes = [models.Index(fields=["due_at"], name="bells_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.workspace_id}"


class SignUp(models.Model):
    """A workspace asked for on the apex host; the person's details are sealed, and go when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=31)
    region = models.CharField(max_length=12)
    sealed = models.BinaryField(help_text="JSON {email, name, workspace_name} under `wrapped`.")
    wrapped = models.BinaryField()
    kms = models.TextField()
    token_hash = models.BinaryField(unique=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "sign_ups"

    def __str__(self) -> str:
        return self.slug


class ErrorServer(models.Model):
    """A Sentry-compatible server that a workspace named for its own errors; it counts on a paid plan."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True)
    dsn = models.CharField(max_length=400)

    class Meta:
        db_table = "error_servers"

    def __str__(self) -> str:
        return str(self.workspace_id)


class SchemaChange(models.Model):
    """One version of the tenant schema: the statements that lead to it from the version before."""

    version = models.PositiveIntegerField(primary_key=True)
    migrations = models.JSONField(default=list)
    statements = models.JSONField(default=list)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "schema_changes"

    def __str__(self) -> str:
        return f"version {self.version}"


class Backup(models.Model):
    """One sealed dump of a workspace, or of the directory itself (`workspace_id` is null).

    No foreign key: the row outlives the workspace, and tells its receipt when the last backup ends.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    workspace_id = models.UUIDField(null=True)
    place = models.TextField(help_text="The directory or bucket.")
    name = models.TextField(help_text="The file's name there.")
    made_at = models.DateTimeField()
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    schema_version = models.PositiveIntegerField()
    duration_ms = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "backups"
        indexes = [models.Index(fields=["workspace_id", "-made_at"], name="backups_newest")]

    def __str__(self) -> str:
        return self.name


class RestoreDrill(models.Model):
    """One rehearsal: a backup was opened and loaded apart from everything, and compared."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    workspace_id = models.UUIDField()
    backup_made_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField()
    rows = models.BigIntegerField()
    passed = models.BooleanField()
    detail = models.TextField(blank=True, default="")

    class Meta:
        db_table = "restore_drills"
        indexes = [models.Index(fields=["-at"], name="restore_drills_newest")]

    def __str__(self) -> str:
        return f"drill {self.at:%Y-%m-%d %H:%M}"


class AuditHead(models.Model):
    """The hash of one seal of a workspace's audit log, kept where the workspace's login cannot reach."""

    id = models.BigAutoField(primary_key=True)
    workspace_id = models.UUIDField()
    number = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "audit_heads"
        constraints = [models.UniqueConstraint(fields=["workspace_id", "number"], name="audit_heads_once")]

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.number}"
