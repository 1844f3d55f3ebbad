"""What exists only in the embedded default: a mailbox at the sandbox mail server."""

from __future__ import annotations

from django.conf import settings

from keychain.crypto.secret import Secret
from mailbox.actions import NewMailbox, Server


def sandbox_mailbox(address: str, sender_name: str, *, gap_seconds: int = 1) -> NewMailbox:
    """A mailbox at the sandbox mail server, which takes any address at *.sandbox."""
    smtp_host, _, smtp_port = settings.SANDBOX_SMTP.partition(":")
    imap_host, _, imap_port = settings.SANDBOX_IMAP.partition(":")
    return NewMailbox(
        address=address,
        sender_name=sender_name,
        username=address,
        password=Secret("sandbox"),
        smtp=Server(smtp_host, int(smtp_port), "plain"),
        imap=Server(imap_host, int(imap_port), "plain"),
        daily_cap=1_000_000 if gap_seconds == 0 else 500,
        gap_seconds=gap_seconds,
        is_sandbox=True,
    )
