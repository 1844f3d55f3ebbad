"""allauth's hooks: people are invited, each event is audited, and every mail goes through one door."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import notices, sign_in_log
from accounts.access import actor_of, ip_of
from accounts.errors import MailNotSent
from accounts.models import Member, Session
from accounts.sessions import hash_of
from audit.actions import record
from audit.events import Event
from tenants import directory
from tenants.binding import current as workspace

logger = logging.getLogger(__name__)


def at_our_origin(url: str) -> str:
    """The link at the workspace's own host and port: what the request named, anybody can make up."""
    return directory.origin_of(workspace()) + urlsplit(url)._replace(scheme="", netloc="").geturl()


class WorkspaceAccounts(DefaultAccountAdapter):
    """Sign-in, reset and verification inside one workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return ip_of(request)

    # --- signing in and out -----------------------------------------------------------------------

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            sign_in_log.failed(request, credentials.get("email", ""), "too many attempts")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        address = str(credentials.get("email", ""))
        is_known = Member.objects.filter(email__iexact=address).exists()
        sign_in_log.failed(request, address, "wrong password" if is_known else "no such member")

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        sign_in_log.failed(request, str(getattr(user, "email", "")), "removed from the workspace")
        answer: HttpResponse = super().respond_user_inactive(request, user)
        return answer

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hook: Any) -> HttpResponse:
        assert isinstance(user, Member)
        sign_in_log.signed_in(request, user)
        answer: HttpResponse = super().post_login(request, user, **hook)
        return answer

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, Member):
            record(Event.SIGNED_OUT, by=actor_of(request.user, request))
        super().logout(request)

    # --- passwords --------------------------------------------------------------------------------

    @transaction.atomic
    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set it, and end the member's sessions on other devices."""
        assert isinstance(user, Member)
        super().set_password(user, password)
        others = Session.objects.filter(member=user)
        others.exclude(key_hash=hash_of(current.request.session.session_key or "")).delete()
        record(Event.PASSWORD_CHANGED, about=user, by=actor_of(user, current.request))

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        assert isinstance(user, Member)
        record(Event.PASSWORD_RESET_ASKED, about=user, by=actor_of(None, current.request), address=email)
        super().send_password_reset_mail(user, email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        return at_our_origin(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return at_our_origin(super().get_email_confirmation_url(request, emailconfirmation))

    # --- mail -------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        request = current.request
        site = {"domain": urlsplit(directory.origin_of(workspace())).netloc}
        words = {"request": request, "email": email, "current_site": site, **context}
        try:
            notices.deliver(self.render_mail(template_prefix, email, words))
        except MailNotSent as error:
            page = render(request, "accounts/mail_not_sent.html", {"reason": str(error)}, status=503)
            raise ImmediateHttpResponse(page) from error

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the member what was done to the account; it is done, whether or not the mail leaves."""
        try:
            super().send_notification_mail(template_prefix, user, context, email)
        except ImmediateHttpResponse:
            logger.warning("The notice %s was not sent.", template_prefix)
