"""The two servers of a mailbox, as the edges take them."""

from __future__ import annotations

from django.conf import settings

from keychain.actions import use
from mailbox.account import Account, Auth, Security
from mailbox.models import Mailbox


def smtp_account(mailbox: Mailbox) -> Account:
    return Account(
        host=mailbox.smtp_host,
        port=mailbox.smtp_port,
        security=Security(mailbox.smtp_security),
        username=str(mailbox.username),
        secret=use(mailbox.credential),
        auth=_auth(mailbox),
        allow_private=settings.ALLOW_PRIVATE_HOSTS,
    )


def imap_account(mailbox: Mailbox) -> Account:
    return Account(
        host=mailbox.imap_host,
        port=mailbox.imap_port,
        security=Security(mailbox.imap_security),
        username=str(mailbox.username),
        secret=use(mailbox.credential),
        auth=_auth(mailbox),
        allow_private=settings.ALLOW_PRIVATE_HOSTS,
    )


def _auth(mailbox: Mailbox) -> Auth:
    return Auth.XOAUTH2 if mailbox.credential.kind == "oauth" else Auth.PASSWORD
