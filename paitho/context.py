"""What every template of the shell may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Member, WorkspaceProfile
from campaigns.models import Draft, Verdict
from mailbox.models import SendingSwitch
from paitho.navigation import MAIN, PERSONAL, SETTINGS, Shell, links, route

SANDBOX = "Mail stays on this machine. The sandbox provider writes from templates; it asks no model."


def shell(request: HttpRequest) -> dict[str, Any]:
    """The workspace, what surrounds its pages, and whether this is the embedded default."""
    return {
        "workspace": getattr(request, "workspace", None),
        "shell": SimpleLazyObject(lambda: build_shell(request)),
        "is_embedded": settings.EMBEDDED,
        "apex_origin": settings.ORIGIN,
    }


def build_shell(request: HttpRequest) -> Shell:
    """The shell of this request. A stranger sees no more than the host already says."""
    workspace = getattr(request, "workspace", None)
    member = getattr(request, "user", None)
    if workspace is None or not isinstance(member, Member):
        return Shell(workspace=workspace.slug if workspace else "", member="", role="")
    profile = WorkspaceProfile.objects.only("name").first()
    path, role = request.path, member.role
    counts = {"campaigns:review": Draft.objects.filter(verdict=Verdict.IN_REVIEW).count()}
    return Shell(
        workspace=profile.name if profile else workspace.slug,
        member=str(member),
        role=role,
        main=links(MAIN, path=path, role=role, counts=counts),
        settings=links(SETTINGS, path=path, role=role),
        personal=links(PERSONAL, path=path, role=role),
        sign_out_url=route("account_logout"),
        is_paused=SendingSwitch.objects.filter(is_paused=True).exists(),
        resume_url=route("mailbox:list") if member.is_admin else "",
        sandbox_note=SANDBOX if settings.EMBEDDED else "",
    )
