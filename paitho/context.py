"""What every template of the shell may use."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import Member, WorkspaceProfile
from paitho.navigation import MAIN, PERSONAL, SETTINGS, Shell, links


def shell(request: HttpRequest) -> dict[str, Any]:
    """The workspace, and whether this is the embedded default (which says so on the screen)."""
    return {
        "workspace": getattr(request, "workspace", None),
        "is_embedded": settings.EMBEDDED,
        "apex_origin": settings.ORIGIN,
        "shell": SimpleLazyObject(lambda: surroundings(request)),
    }


def surroundings(request: HttpRequest) -> Shell | None:
    """Navigation of a signed-in member; None on the apex and before sign-in."""
    member = getattr(request, "user", None)
    if not isinstance(member, Member):
        return None
    profile = WorkspaceProfile.objects.first()
    here = partial(links, path=request.path, role=member.role)
    return Shell(
        workspace=profile.name if profile else "Workspace",
        member=str(member),
        role=member.role,
        main=here(MAIN),
        settings=here(SETTINGS),
        personal=here(PERSONAL),
        sign_out_url=reverse("account_logout"),
    )
