"""Members and invitations: for admins and owners."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, notices, queries
from accounts.access import MemberRequest, actor, admin_only
from accounts.errors import AccountsError, MailNotSent
from accounts.forms import InviteForm, RoleForm
from accounts.models import Invitation, Role
from tenants import directory


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: MemberRequest) -> HttpResponse:
    roles = queries.roles_up_to(Role(request.user.role))
    form = InviteForm(request.POST or None, roles=roles)
    if request.method == "POST" and form.is_valid() and invited(request, form):
        return redirect("accounts:members")
    context = {
        "form": form,
        "roles": roles,
        "members": queries.active_members(),
        "invitations": queries.open_invitations(),
    }
    return render(request, "accounts/members.html", context)


def invited(request: MemberRequest, form: InviteForm) -> bool:
    data = form.cleaned_data
    try:
        invitation, token = actions.invite(data["email"], Role(data["role"]), by=actor(request))
    except AccountsError as error:
        form.add_error("email", str(error))
        return False
    send_link(request, invitation, token)
    return True


def send_link(request: MemberRequest, invitation: Invitation, token: str) -> None:
    """Send the invitation; when the mail does not leave, it stays and can be sent again."""
    link = directory.origin_of(request.workspace) + reverse("accounts:accept", args=[token])
    try:
        notices.send(
            "accounts/email/invitation",
            invitation.email,
            link=link,
            invitation=invitation,
            inviter=str(request.user),
        )
    except MailNotSent as error:
        messages.error(request, f"{invitation.email} is invited, but: {error}")
    else:
        messages.success(request, f"An invitation is on its way to {invitation.email}.")


@admin_only
@require_POST
def resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    try:
        send_link(request, *actions.resend_invitation(invitation_id, by=actor(request)))
    except AccountsError as error:
        messages.error(request, str(error))
    return redirect("accounts:members")


@admin_only
@require_POST
def revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    try:
        actions.revoke_invitation(invitation_id, by=actor(request))
        messages.success(request, "The invitation is taken back; its link no longer works.")
    except AccountsError as error:
        messages.error(request, str(error))
    return redirect("accounts:members")


@admin_only
@require_POST
def change_role(request: MemberRequest, member_id: UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        member = actions.change_role(member_id, Role(form.cleaned_data["role"]), by=actor(request))
        messages.success(request, f"{member} is now {Role(member.role).label.lower()}.")
    except AccountsError as error:
        messages.error(request, str(error))
    return redirect("accounts:members")


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, member_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return removed(request, member_id)
    member = queries.member_or_none(member_id)
    if member is None:
        raise Http404
    context = {
        "title": f"Remove {member} from the workspace?",
        "text": "Their sessions end at once. What they wrote and approved stays, with their name.",
        "facts": [("Address", member.email), ("Role", Role(member.role).label)],
        "label": "Remove",
        "is_grave": True,
        "url": request.path,
        "back": reverse("accounts:members"),
    }
    return render(request, "confirm.html", context)


def removed(request: MemberRequest, member_id: UUID) -> HttpResponse:
    try:
        member = actions.remove_member(member_id, by=actor(request))
        if member == request.user:
            logout(request)
        messages.success(request, f"{member} is no longer a member.")
    except AccountsError as error:
        messages.error(request, str(error))
    return redirect("accounts:members")
