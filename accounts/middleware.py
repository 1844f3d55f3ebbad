"""Sessions belong to workspaces: the apex host neither reads nor sets a cookie."""

from __future__ import annotations

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from accounts.sessions import SessionStore


class WorkspaceSessions(SessionMiddleware):
    """Django's sessions inside a workspace; on the apex an empty one that is never stored."""

    def process_request(self, request: HttpRequest) -> None:
        if getattr(request, "workspace", None) is None:
            request.session = SessionStore()
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        # Django's would answer a made-up cookie by one that deletes it.
        if getattr(request, "workspace", None) is None:
            return response
        return super().process_response(request, response)
