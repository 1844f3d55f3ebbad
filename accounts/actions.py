"""Everything that changes who is in a workspace and what the workspace says of itself."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.errors import AlreadyThere, LastOwner, LinkExpired, NotAllowed
from accounts.models import RANK, Invitation, Member, Role, Session, WorkspaceProfile
from accounts.tokens import hash_of, new_token
from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from tenants import directory, domains, lifecycle
from tenants.binding import current

INVITED_FOR = timedelta(days=7)
NOBODY = UUID(int=0)
EXPIRED = "This invitation is no longer valid: it was used, taken back, or is older than seven days."


# --- invitations -----------------------------------------------------------------------------------


@transaction.atomic
def invite(email: str, role: Role, *, by: Actor) -> tuple[Invitation, str]:
    """Let an address join; a second time replaces the first link. Returns the token for the new one.

    Raises `NotAllowed` for a role above the inviter's own, `AlreadyThere` for a member's address.
    """
    inviter = _acting(by)
    _refuse_above(inviter, role)
    if Member.objects.filter(email=email, is_active=True).exists():
        raise AlreadyThere(f"{email} is a member of this workspace already.")
    token, token_hash = new_token()
    values = {"role": role, "token_hash": token_hash, "invited_by": inviter, **_fresh_dates()}
    invitation, is_new = Invitation.objects.update_or_create(email=email, defaults=values)
    known = {} if is_new else {"link": "replaced"}
    record(Event.MEMBER_INVITED, about=invitation, by=by, role=role, **known)
    return invitation, token


@transaction.atomic
def resend_invitation(invitation_id: UUID, *, by: Actor) -> tuple[Invitation, str]:
    """A new link for the same invitation, valid from now; the old one is worthless."""
    invitation = _open_invitation(invitation_id)
    _refuse_above(_acting(by), Role(invitation.role))
    token, invitation.token_hash = new_token()
    for field, value in _fresh_dates().items():
        setattr(invitation, field, value)
    invitation.save(update_fields=["token_hash", "created_at", "expires_at"])
    record(Event.MEMBER_INVITED, about=invitation, by=by, role=invitation.role, link="replaced")
    return invitation, token


@transaction.atomic
def revoke_invitation(invitation_id: UUID, *, by: Actor) -> None:
    invitation = _open_invitation(invitation_id)
    _refuse_above(_acting(by), Role(invitation.role))
    record(Event.INVITATION_REVOKED, about=invitation, by=by)
    invitation.delete()


@transaction.atomic
def accept_invitation(token: str, *, name: str, password: str, ip: str) -> Member:
    """Use an invitation up and make its address a member; who was removed before comes back.

    Raises `LinkExpired`.
    """
    waiting = Invitation.objects.select_for_update().filter(expires_at__gt=timezone.now())
    invitation = waiting.filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise LinkExpired(EXPIRED)
    member = Member.objects.filter(email=invitation.email).first() or Member(email=invitation.email)
    member.name, member.role, member.is_active = name, invitation.role, True
    member.set_password(password)
    member.save()
    EmailAddress.objects.update_or_create(
        user=member, email=member.email, defaults={"verified": True, "primary": True}
    )
    invitation.delete()
    record(Event.MEMBER_JOINED, about=member, by=Actor(member.pk, str(member), ip), role=member.role)
    return member


def invitation_of(token: str) -> Invitation:
    """The open invitation of a link. Raises `LinkExpired`."""
    waiting = Invitation.objects.filter(expires_at__gt=timezone.now())
    invitation = waiting.filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise LinkExpired(EXPIRED)
    return invitation


def _fresh_dates() -> dict[str, object]:
    now = timezone.now()
    return {"created_at": now, "expires_at": now + INVITED_FOR}


def _open_invitation(invitation_id: UUID) -> Invitation:
    invitation = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if invitation is None:
        raise AlreadyThere("This invitation was accepted or taken back meanwhile.")
    return invitation


# --- members ---------------------------------------------------------------------------------------


@transaction.atomic
def change_role(member_id: UUID, role: Role, *, by: Actor) -> Member:
    """Raises `NotAllowed` beyond the actor's own role, `LastOwner` when none would be left."""
    acting, member = _acting(by), _active(member_id)
    _refuse_above(acting, role)
    _refuse_above(acting, Role(member.role))
    if member.role == role:
        return member
    if member.role == Role.OWNER:
        _refuse_last_owner(member)
    was, member.role = member.role, role
    member.save(update_fields=["role"])
    record(Event.MEMBER_ROLE_CHANGED, about=member, by=by, was=was, now=role)
    return member


@transaction.atomic
def remove_member(member_id: UUID, *, by: Actor) -> Member:
    """End the membership and every session at once; the name stays on what the member did.

    Raises `NotAllowed` or `LastOwner`.
    """
    acting, member = _acting(by), _active(member_id)
    _refuse_above(acting, Role(member.role))
    if member.role == Role.OWNER:
        _refuse_last_owner(member)
    member.is_active = False
    member.set_unusable_password()
    member.save(update_fields=["is_active", "password"])
    Authenticator.objects.filter(user=member).delete()
    Session.objects.filter(member=member).delete()
    record(Event.MEMBER_REMOVED, about=member, by=by, role=member.role)
    return member


def _active(member_id: UUID) -> Member:
    """The member, locked with every owner in one order: two who leave at once wait and never deadlock."""
    rows = Member.objects.select_for_update().filter(Q(pk=member_id) | Q(role=Role.OWNER), is_active=True)
    member = {row.pk: row for row in rows.order_by("pk")}.get(member_id)
    if member is None:
        raise AlreadyThere("This member has left the workspace.")
    return member


def _acting(by: Actor) -> Member:
    """The member who acts, as they are now. Raises `NotAllowed` once they were removed."""
    member = Member.objects.filter(pk=by.id or NOBODY, is_active=True).first()
    if member is None or not member.is_admin:
        raise NotAllowed("Only admins and owners change who is in the workspace.")
    return member


def _refuse_above(acting: Member, role: Role) -> None:
    if RANK[role] > RANK[Role(acting.role)]:
        raise NotAllowed("Only an owner can make, change or remove an owner.")


def _refuse_last_owner(member: Member) -> None:
    """Asked with the owners locked (`_active`), so that the last two cannot both leave at the same moment."""
    if not Member.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=member.pk).exists():
        raise LastOwner("A workspace keeps at least one owner. Make someone else an owner first.")


# --- profiles and sessions -------------------------------------------------------------------------


@transaction.atomic
def change_workspace(profile: WorkspaceProfile, *, changed: list[str], by: Actor) -> None:
    """Store the settings of the workspace; `changed` names the fields that differ."""
    profile.save()
    record(Event.WORKSPACE_CHANGED, about=profile, by=by, changed=changed)


@transaction.atomic
def name_error_server(dsn: str, *, by: Actor) -> None:
    """Have the workspace's errors reported there and not to us; nowhere of its own with an empty DSN.

    The DSN holds a key, so only its host is written down. Raises `NotAllowed` on a plan that is not paid.
    """
    workspace = current()
    host = urlsplit(dsn).hostname or ""
    record(Event.WORKSPACE_CHANGED, by=by, changed=["error server"], host=host)
    if not directory.set_error_server(workspace.id, dsn):
        raise NotAllowed("A server of your own takes a paid plan. Write to us to change yours.")


@transaction.atomic
def rename_member(member: Member, name: str, *, by: Actor) -> None:
    was = Member.objects.get(pk=member.pk).name
    Member.objects.filter(pk=member.pk).update(name=name)
    record(Event.MEMBER_CHANGED, about=member, by=by, was=was, now=name)


@transaction.atomic
def end_session(member: Member, session_id: UUID, *, by: Actor) -> None:
    """Sign one of the member's browsers out."""
    gone, _ = Session.objects.filter(member=member, pk=session_id).delete()
    if gone:
        record(Event.SESSIONS_ENDED, about=member, by=by, sessions=1)


@transaction.atomic
def end_other_sessions(member: Member, *, but: UUID | None, by: Actor) -> int:
    """Sign the member out everywhere else; returns how many sessions ended."""
    gone, _ = Session.objects.filter(member=member).exclude(pk=but or NOBODY).delete()
    record(Event.SESSIONS_ENDED, about=member, by=by, sessions=gone)
    return gone


# --- the workspace's address -------------------------------------------------------------------------


@transaction.atomic
def rename_workspace(slug: str, *, by: Actor) -> None:
    """Ask for another name; the provisioning worker gives it. Raises `BoundaryError` with the reason."""
    here = current()
    record(Event.WORKSPACE_RENAMED, by=by, was=here.slug, now=slug)
    lifecycle.rename(here.id, slug)


@transaction.atomic
def claim_host(host: str, *, by: Actor) -> str:
    """Say that a host is the workspace's; returns its one spelling. Raises `BoundaryError`."""
    host = domains.claim(current().id, host)
    record(Event.HOSTS_CHANGED, by=by, host=host, change="claimed")
    return host


def verify_host(host: str, *, by: Actor) -> None:
    """Look the host's record up, with no transaction open meanwhile. Raises `BoundaryError`."""
    domains.prove(current().id, host)
    record(Event.HOSTS_CHANGED, by=by, host=host, change="verified")


@transaction.atomic
def prefer_host(host: str, *, by: Actor) -> bool:
    """Let links in mails name this host; False when it is no verified host of the workspace."""
    record(Event.HOSTS_CHANGED, by=by, host=host, change="preferred")
    is_done = domains.prefer(current().id, host)
    transaction.set_rollback(not is_done)
    return is_done


@transaction.atomic
def drop_host(host: str, *, by: Actor) -> None:
    record(Event.HOSTS_CHANGED, by=by, host=host, change="dropped")
    domains.drop(current().id, host)
