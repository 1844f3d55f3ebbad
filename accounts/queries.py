"""What the pages about people read."""

from __future__ import annotations

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import RANK, Invitation, Member, Role, Session, WorkspaceProfile
from accounts.second_factor import FACTORS


def workspace_profile() -> WorkspaceProfile:
    """The workspace's one profile; an unsaved one before there is any."""
    return WorkspaceProfile.objects.first() or WorkspaceProfile(name="Workspace")


def active_members() -> QuerySet[Member]:
    """Members by name, each with `has_second_factor`."""
    factors = Authenticator.objects.filter(user_id=OuterRef("pk"), type__in=FACTORS)
    return Member.objects.filter(is_active=True).annotate(has_second_factor=Exists(factors)).order_by("name")


def open_invitations() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("invited_by").order_by("-created_at")


def roles_up_to(role: Role) -> list[Role]:
    """The roles that a member with `role` may give."""
    return [other for other in (Role.MEMBER, Role.ADMIN, Role.OWNER) if RANK[other] <= RANK[role]]


def sessions_of(member: Member) -> list[Session]:
    alive = Session.objects.filter(member=member, expires_at__gt=timezone.now())
    return list(alive.order_by("-seen_at"))


def member_or_none(member_id: UUID) -> Member | None:
    return Member.objects.filter(pk=member_id, is_active=True).first()
