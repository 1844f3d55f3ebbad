"""Where a link from a mail lets someone in: the first owner's welcome, and an invitation.

The link is proof of the address; opening it changes nothing, sending the form does.
"""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, queries, sign_up
from accounts.access import ip_of
from accounts.errors import AlreadyThere, LinkExpired
from accounts.forms import JoinForm, UnnamedJoinForm
from accounts.limits import Limit, limited
from accounts.models import Member
from keychain.crypto.kms import KmsError
from tenants.errors import KeysUnavailable

OPENING = Limit("join-link", 60, 60)


@sensitive_post_parameters("password")
@never_cache
@limited(OPENING, methods=("GET", "POST"))
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The owner's first step into a workspace that was just made."""
    try:
        details = opened(token)
        form = welcome_form(request, details)
        if request.method == "POST" and form.is_valid():
            owner = sign_up.welcome(token, **form.cleaned_data, ip=ip_of(request))
            return let_in(request, owner, is_proved=bool(details.email))
    except AlreadyThere as error:
        messages.info(request, str(error))
        return redirect("account_login")
    except LinkExpired as error:
        return ended(request, str(error))
    return render(request, "accounts/welcome.html", {"form": form, "details": details})


def welcome_form(request: HttpRequest, details: sign_up.Details) -> JoinForm:
    """Asks for the address as well when the sign-up names nobody."""
    if details.email:
        return JoinForm(request.POST or None, email=details.email, initial={"name": details.name})
    return UnnamedJoinForm(request.POST or None, email=request.POST.get("email", ""))


def opened(token: str) -> sign_up.Details:
    try:
        return sign_up.details_of(sign_up.find_here(token))
    except KmsError as error:
        raise KeysUnavailable(str(error)) from error


@sensitive_post_parameters("password")
@never_cache
@limited(OPENING, methods=("GET", "POST"))
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person joins."""
    try:
        invitation = actions.invitation_of(token)
        form = JoinForm(request.POST or None, email=invitation.email)
        if request.method == "POST" and form.is_valid():
            return let_in(request, actions.accept_invitation(token, **form.cleaned_data, ip=ip_of(request)))
    except LinkExpired as error:
        return ended(request, str(error))
    context = {"form": form, "invitation": invitation, "profile": queries.workspace_profile()}
    return render(request, "accounts/accept.html", context)


def let_in(request: HttpRequest, member: Member, *, is_proved: bool = True) -> HttpResponse:
    """Sign the new member in; an address that no link has proved is asked to be verified first."""
    verification = "none" if is_proved else "mandatory"
    answer: HttpResponse = perform_login(request, member, email_verification=verification, redirect_url="/")
    return answer


def ended(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "accounts/link_ended.html", {"reason": reason}, status=410)
