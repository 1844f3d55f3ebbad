"""What sign-in leaves behind: audit lines, and on the session from where it was opened."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.access import actor_of, ip_of
from accounts.agents import in_words
from accounts.models import Member
from audit.actions import record
from audit.actors import Actor
from audit.events import Event

MOST_ADDRESS = 254
MOST_AGENT = 200
PROOFS = "account_authentication_methods"  # where allauth notes them in the session


def signed_in(request: HttpRequest, member: Member) -> None:
    agent = request.headers.get("User-Agent", "")[:MOST_AGENT]
    request.session["device"] = {"ip": ip_of(request), "agent": agent}
    proofs = [str(proof.get("type") or proof["method"]) for proof in request.session.get(PROOFS, [])]
    record(Event.SIGNED_IN, by=actor_of(member, request), proofs=proofs, browser=in_words(agent))


def failed(request: HttpRequest, address: str, reason: str) -> None:
    """A sign-in, or a repeated proof of a member who is signed in, that did not succeed."""
    by = Actor(None, str(address)[:MOST_ADDRESS] or "nobody named", ip_of(request))
    record(Event.SIGN_IN_FAILED, by=by, reason=reason)


# allauth has no hook for what follows but its signals.


def factor_added(request: HttpRequest, user: Member, authenticator: Authenticator, **_: Any) -> None:
    record(Event.MFA_CHANGED, by=actor_of(user, request), change="added", factor=authenticator.type)


def factor_removed(request: HttpRequest, user: Member, authenticator: Authenticator, **_: Any) -> None:
    record(Event.MFA_CHANGED, by=actor_of(user, request), change="removed", factor=authenticator.type)


def factor_reset(request: HttpRequest, user: Member, authenticator: Authenticator, **_: Any) -> None:
    record(Event.MFA_CHANGED, by=actor_of(user, request), change="made anew", factor=authenticator.type)


def factor_failed(request: HttpRequest, user: Member, authenticator: Authenticator, **_: Any) -> None:
    failed(request, user.email, f"wrong code ({authenticator.type})")
