"""Settings: the workspace's, and each member's own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions, queries
from accounts.access import MemberRequest, actor, admin_only, member_only, owner_only
from accounts.errors import NotAllowed
from accounts.forms import ErrorServerForm, ProfileForm, WorkspaceForm
from tenants import directory
from tenants.plans import PAID


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def workspace(request: MemberRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=queries.workspace_profile())
    if request.method == "POST" and form.is_valid():
        profile = form.save(commit=False)
        actions.change_workspace(profile, changed=form.changed_data, by=actor(request))
        messages.success(request, "The settings are saved.")
        return redirect("accounts:workspace")
    return render(request, "accounts/workspace.html", {"form": form})


@owner_only
@require_http_methods(["GET", "HEAD", "POST"])
def errors(request: MemberRequest) -> HttpResponse:
    """Where the workspace's errors are reported: to a server of its own, on a paid plan."""
    is_paid = request.workspace.plan in PAID
    form = ErrorServerForm(
        request.POST or None, initial={"dsn": directory.error_server(request.workspace.id)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.name_error_server(form.cleaned_data["dsn"], by=actor(request))
        except NotAllowed as error:
            form.add_error("dsn", str(error))
        else:
            messages.success(request, "Saved. It takes up to five minutes until every process knows.")
            return redirect("accounts:errors")
    return render(request, "accounts/errors.html", {"form": form, "is_paid": is_paid})


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: MemberRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        actions.rename_member(request.user, form.cleaned_data["name"], by=actor(request))
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:me")
    return render(request, "accounts/me.html", {"form": form})


@member_only
@require_safe
def sessions(request: MemberRequest) -> HttpResponse:
    context = {"sessions": queries.sessions_of(request.user), "current": current_session(request)}
    return render(request, "accounts/sessions.html", context)


@member_only
@require_POST
def end_sessions(request: MemberRequest) -> HttpResponse:
    ended = actions.end_other_sessions(request.user, but=current_session(request), by=actor(request))
    messages.success(
        request, f"Signed out everywhere else: {ended} session{'' if ended == 1 else 's'} ended."
    )
    return redirect("accounts:sessions")


@member_only
@require_POST
def end_session(request: MemberRequest, session_id: UUID) -> HttpResponse:
    actions.end_session(request.user, session_id, by=actor(request))
    messages.success(request, "That session has ended.")
    return redirect("accounts:sessions")


def current_session(request: MemberRequest) -> UUID | None:
    """The row of the session that asks."""
    row: UUID | None = getattr(request.session, "row", None)
    return row
