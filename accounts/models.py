"""Members of one workspace: they live in its schema and mean nothing on another workspace's host."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.agents import in_words
from keychain.fields import SealedJSON
from paitho.lib.ids import uuid7


class Role(models.TextChoices):
    """Members write and approve; admins also mailboxes, keys, members; owners also export and delete."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


RANK = {Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}


class Members(BaseUserManager["Member"]):
    """Django's and allauth's way to find a member by address."""

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email__iexact=username or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Member:
        member = self.model(email=email.strip().lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser):
    """A person who signs in to this workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True, help_text="In lower case.")
    name = models.CharField(max_length=120, blank=True, default="")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Members] = Members()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "members"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="members_email_is_lower")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def is_at_least(self, role: Role) -> bool:
        return self.is_active and RANK[Role(self.role)] >= RANK[role]

    @property
    def is_admin(self) -> bool:
        return self.is_at_least(Role.ADMIN)

    @property
    def is_owner(self) -> bool:
        return self.is_at_least(Role.OWNER)


class WorkspaceProfile(models.Model):
    """What the workspace says of itself; one row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    postal_address = models.TextField(blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    requires_second_factor = models.BooleanField(default=False)

    class Meta:
        db_table = "workspace_profile"

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """An address that may join with a role; the link's token is stored as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    token_hash = models.BinaryField(unique=True)
    invited_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "invitations"
        constraints = [models.UniqueConstraint(fields=["email"], name="invitations_one_per_address")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return self.expires_at > timezone.now()


class Session(models.Model):
    """A browser on this workspace's host; see `accounts.sessions`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key_hash = models.BinaryField(unique=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="sessions")
    data = SealedJSON()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "sessions"
        indexes = [models.Index(fields=["expires_at"], name="sessions_expire")]

    def __str__(self) -> str:
        return f"session of {self.member_id}"

    @property
    def ip(self) -> str:
        """Where it signed in from; empty before."""
        return str(self.data.get("device", {}).get("ip", ""))

    @property
    def browser(self) -> str:
        return in_words(str(self.data.get("device", {}).get("agent", "")))
