"""allauth's hooks: nobody signs up inside a workspace; people are invited."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class WorkspaceAccounts(DefaultAccountAdapter):
    """Sign-in, reset and verification inside one workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
