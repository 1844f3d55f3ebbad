"""The one place where a request enters a workspace: by its Host header, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseForbidden,
    HttpResponseRedirect,
)
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from tenants import directory
from tenants.binding import bound
from tenants.directory import Door
from tenants.errors import UnknownWorkspace
from tenants.models import State
from tenants.workspace import WorkspaceRef

Answer = Callable[[HttpRequest], HttpResponseBase]


class WorkspaceRequest(HttpRequest):
    """A request that has entered a workspace."""

    workspace: WorkspaceRef


class WorkspaceByHost:
    """Binds the workspace that the host names for the length of the request; the apex binds nothing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            host = request.get_host().rpartition(":")[0] or request.get_host()
        except DisallowedHost:
            return HttpResponse("Bad host.", status=400, content_type="text/plain")
        host = host.lower().rstrip(".")
        request.workspace = None  # type: ignore[attr-defined]
        if host == settings.APEX.hostname:
            request.urlconf = settings.APEX_URLCONF
            return self.get_response(request)
        return self._in_workspace(request, host)

    def _in_workspace(self, request: HttpRequest, host: str) -> HttpResponseBase:
        try:
            door = directory.door(host)
        except UnknownWorkspace:
            return render(request, "unknown_host.html", status=404)
        if not is_open(door, request.path_info):
            return turned_away(request, door)
        workspace = door.workspace
        request.workspace = workspace  # type: ignore[attr-defined]
        with bound(workspace):
            return self.get_response(request)


def url_name(path: str) -> str:
    """The name of the workspace's page at `path`; empty where there is none."""
    try:
        return resolve(path, settings.ROOT_URLCONF).view_name
    except Resolver404:
        return ""


def is_open(door: Door, path: str) -> bool:
    """Whether this page is served here now. One in deletion lets its people in to keep it."""
    state = door.workspace.state
    if state == State.ACTIVE and not door.moved_to:
        return True
    name = url_name(path)
    if state == State.DELETING and not door.moved_to and name in settings.OPEN_WHILE_DELETING:
        return True
    return state in {State.ACTIVE, State.SUSPENDED, State.DELETING} and name in settings.ALWAYS_OPEN


def turned_away(request: HttpRequest, door: Door) -> HttpResponseBase:
    """To the present host of a renamed workspace; on the present host, the reason why it is closed."""
    if door.moved_to:
        port = f":{settings.APEX.port}" if settings.APEX.port else ""
        answer = HttpResponseRedirect(
            f"{settings.APEX.scheme}://{door.moved_to}{port}{request.get_full_path()}"
        )
        answer["Cache-Control"] = "no-store"
        return answer
    keep = settings.KEEP_URL_NAME
    closed = {
        "state": door.workspace.state,
        "reason": door.reason,
        "delete_after": door.delete_after,
        "keep_url": reverse(keep, settings.ROOT_URLCONF) if keep else "",
    }
    return render(request, "workspace_closed.html", closed, status=503)


class Csrf(CsrfViewMiddleware):
    """Django's check inside a workspace; on the apex, which has no cookie, the Origin decides."""

    def process_request(self, request: HttpRequest) -> None:
        if getattr(request, "workspace", None) is not None:
            super().process_request(request)

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., HttpResponseBase],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        if getattr(request, "workspace", None) is not None:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        origin = request.headers.get("Origin")
        safe = request.method in {"GET", "HEAD", "OPTIONS", "TRACE"}
        if not safe and origin and urlsplit(origin).netloc != request.get_host():
            return HttpResponseForbidden("This form was sent from another site.", content_type="text/plain")
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if getattr(request, "workspace", None) is None:
            return response
        return super().process_response(request, response)
