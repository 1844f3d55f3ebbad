"""Mailboxes that are opened by consent (OAuth) and not by a password: their tokens, fresh when needed.

agreed -> access token, an hour -> refreshed before a connection, by one worker at a time
                                -> refused: the mailbox needs a person, nothing is sent from it
                                -> vendor away: this visit fails, the next may not
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from keychain.actions import use
from keychain.crypto.secret import Secret
from keychain.models import Credential
from mailbox import oauth
from mailbox.models import Mailbox
from mailbox.trouble import AuthRefused, Unreachable

VENDORS = {"google": oauth.GOOGLE, "microsoft": oauth.MICROSOFT}


def app_of(vendor: str) -> oauth.App | None:
    """Our registration at the vendor; None where the operator has none."""
    registered = settings.MAILBOX_APPS.get(vendor)
    if registered is None:
        return None
    at = settings.MAILBOX_VENDORS.get(vendor) or VENDORS[vendor]
    redirect = f"{settings.ORIGIN}/oauth/mailbox/"
    return oauth.App(at, registered["id"], Secret(registered["secret"]), redirect)


def available() -> list[str]:
    return [vendor for vendor in VENDORS if app_of(vendor) is not None]


def access_token(mailbox: Mailbox) -> Secret:
    """A token that holds for this connection. Raises `AuthRefused` and `Unreachable`."""
    if mailbox.credential.removed_at:
        raise AuthRefused("The consent was taken back before a restore. Connect the mailbox again.")
    tokens = oauth.unpacked(use(mailbox.credential))
    if tokens.is_usable(timezone.now()):
        return tokens.access
    app = app_of(mailbox.vendor)
    if app is None:
        raise AuthRefused("Paitho is not registered with this mailbox's provider any more.")
    return _refreshed(mailbox, app)


def _refreshed(mailbox: Mailbox, app: oauth.App) -> Secret:
    """Ask the vendor once, whoever else wants to: some vendors take a refresh token a single time."""
    with transaction.atomic():
        credential = Credential.objects.select_for_update().get(pk=mailbox.credential_id)
        tokens = oauth.unpacked(credential.secret)
        if tokens.is_usable(timezone.now()):
            return tokens.access
        # The lock is held over this one call, against the rule: a second refresh would void the first.
        fresh = oauth.refresh(app, tokens)
        if isinstance(fresh, oauth.Denied):
            raise AuthRefused(fresh.sentence)
        if isinstance(fresh, oauth.Failed):
            raise Unreachable(fresh.sentence)
        credential.secret = oauth.packed(fresh)
        credential.save(update_fields=["secret"])
        Mailbox.objects.filter(pk=mailbox.pk).update(consent_ends_at=fresh.consent_ends_at)
    mailbox.credential = credential
    return fresh.access


def revoke(mailbox: Mailbox) -> bool:
    """End the consent at the vendor; False where only the person can."""
    app = app_of(mailbox.vendor) if mailbox.vendor else None
    secret = mailbox.credential.secret
    return app is not None and secret is not None and oauth.revoke(app, oauth.unpacked(secret))
