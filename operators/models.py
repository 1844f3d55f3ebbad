"""Operators, their factors and sessions, and the record of what they did: tables of `public`.

Only the login `paitho_ops` reaches them (migration 0002_console_grants), and no tenant schema holds a thing
about operators but the audit lines that tell a workspace what was done to it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from operators.events import Event
from paitho.lib.ids import uuid7


class Operators(BaseUserManager["Operator"]):
    """Django's way to find an operator by address."""

    def get_by_natural_key(self, username: str | None) -> Operator:
        return self.get(email=(username or "").strip().lower())


class Operator(AbstractBaseUser):
    """A person who runs Paitho. Signs in with a password and a second factor, never with one of them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True, help_text="In lower case.")
    name = models.CharField(max_length=80, blank=True, default="")
    is_active = models.BooleanField(default=True)
    totp = models.BinaryField(null=True, help_text="The authenticator app's secret, sealed.")
    totp_step = models.BigIntegerField(default=0, help_text="The last step used: a code serves once.")
    link_hash = models.BinaryField(null=True, unique=True, help_text="SHA-256 of the set-up link's token.")
    link_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Operators] = Operators()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "operators"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="operators_email_is_lower")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    # What Django's admin asks. There is one kind of operator, and nobody who is half of one.

    @property
    def is_staff(self) -> bool:
        return self.is_active

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return self.is_active

    def has_perms(self, permissions: Any, obj: Any = None) -> bool:
        return self.is_active

    def has_module_perms(self, label: str) -> bool:
        return self.is_active


class Passkey(models.Model):
    """A WebAuthn credential of an operator; what is stored of it is public."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=80)
    credential_id = models.BinaryField(unique=True)
    credential = models.BinaryField(help_text="Attested credential data: id and public key.")
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "operator_passkeys"

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """A browser on the console; see `operators.sessions`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key_hash = models.BinaryField(unique=True)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, null=True, related_name="sessions")
    sealed = models.BinaryField()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True, help_text="When the second factor was last proved in it.")

    class Meta:
        db_table = "operator_sessions"
        indexes = [models.Index(fields=["expires_at"], name="operator_sessions_expire")]

    def __str__(self) -> str:
        return f"session of {self.operator_id}"


class Operation(models.Model):
    """What an operator did: one line each, append-only. With a workspace, it is told to that workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40, choices=Event)
    operator_id = models.UUIDField(null=True)
    operator = models.CharField(max_length=254, help_text="Name or address, as it was then.")
    ip = models.CharField("IP address", max_length=45, blank=True, default="")
    about = models.CharField(max_length=200, blank=True, default="")
    about_id = models.CharField(max_length=64, blank=True, default="")
    # No foreign key: the line outlives the workspace.
    workspace_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    told_at = models.DateTimeField(null=True, help_text="When it was written to the workspace's own log.")

    class Meta:
        db_table = "operations"
        indexes = [
            models.Index(fields=["-at"], name="operations_at"),
            models.Index(
                fields=["workspace_id"],
                name="operations_untold",
                condition=Q(workspace_id__isnull=False, told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M:%S}"
