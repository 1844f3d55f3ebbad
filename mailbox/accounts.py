"""The two servers of a mailbox, as the edges take them."""

from __future__ import annotations

from django.conf import settings

from keychain.actions import use
from keychain.crypto.secret import Secret
from keychain.models import Kind
from mailbox.account import Account, Auth, Security
from mailbox.consent import access_token
from mailbox.models import Mailbox


def smtp_account(mailbox: Mailbox) -> Account:
    return Account(
        host=mailbox.smtp_host,
        port=mailbox.smtp_port,
        security=Security(mailbox.smtp_security),
        username=str(mailbox.username),
        secret=_secret(mailbox),
        auth=_auth(mailbox),
        allow_private=settings.ALLOW_PRIVATE_HOSTS,
    )


def imap_account(mailbox: Mailbox) -> Account:
    return Account(
        host=mailbox.imap_host,
        port=mailbox.imap_port,
        security=Security(mailbox.imap_security),
        username=str(mailbox.username),
        secret=_secret(mailbox),
        auth=_auth(mailbox),
        allow_private=settings.ALLOW_PRIVATE_HOSTS,
    )


def _secret(mailbox: Mailbox) -> Secret:
    """The password, or an access token that holds. Raises a `MailboxTrouble` where a consent has ended."""
    if mailbox.credential.kind == Kind.OAUTH:
        return access_token(mailbox)
    return use(mailbox.credential)


def _auth(mailbox: Mailbox) -> Auth:
    return Auth.XOAUTH2 if mailbox.credential.kind == Kind.OAUTH else Auth.PASSWORD
