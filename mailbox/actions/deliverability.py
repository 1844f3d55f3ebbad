"""Looking into a mailbox's deliverability: DNS, TLS, and a mail that the mailbox sends to itself."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from mailbox import imap, smtp
from mailbox.accounts import imap_account, smtp_account
from mailbox.deliverability import Finding, findings, signature
from mailbox.folders import Role
from mailbox.headers import Person
from mailbox.mime import Footer, Outgoing, new_message_id, render
from mailbox.models import Mailbox
from mailbox.trouble import MailboxTrouble
from mailbox.verdicts import Accepted
from paitho.lib.ids import uuid7
from tenants.binding import current
from tenants.directory import origin_of

PATIENCE = 12.0  # seconds until the mail should be back


def look_into(mailbox: Mailbox, *, by: Actor, seed: bool) -> list[dict[str, Any]]:
    """Ask DNS and the servers; with `seed` also send a mail to the mailbox itself and see how it arrives."""
    found = [*findings(str(mailbox.address)), _tls(mailbox)]
    before = [each for each in (mailbox.deliverability or {}).get("findings", []) if each["name"] == "DKIM"]
    found += [_seed(mailbox)] if seed else before
    with transaction.atomic():
        mailbox.deliverability, mailbox.deliverability_at = {"findings": found}, timezone.now()
        mailbox.save(update_fields=["deliverability", "deliverability_at"])
        record(Event.MAILBOX_CHANGED, by=by, about=mailbox, looked_into=True, seed=seed)
    return found


def _tls(mailbox: Mailbox) -> dict[str, Any]:
    try:
        answer = smtp.check(smtp_account(mailbox))
    except MailboxTrouble as error:
        return asdict(Finding("TLS", "bad", str(error)))
    if isinstance(answer, smtp.Problem):
        return asdict(Finding("TLS", "bad", answer.sentence))
    if answer.tls is None:
        return asdict(Finding("TLS", "warn", "The connection is not encrypted; it stays on this machine."))
    return asdict(Finding("TLS", "good", f"Mail is handed over with {answer.tls}, its certificate verified."))


def _seed(mailbox: Mailbox) -> dict[str, Any]:
    """A mail as campaigns send it, from the mailbox to itself."""
    address = str(mailbox.address)
    message_id = new_message_id(address.rpartition("@")[2])
    url = f"{origin_of(current())}/o/seed"
    me = Person(str(mailbox.sender_name), address)
    text = "This mail shows how your mail arrives. It may be deleted."
    footer = Footer(f"If you would rather not hear from us again: {url}", "Paitho, a mail to yourself")
    words = ("Paitho looks how your mail arrives", text, timezone.now(), message_id, str(uuid7()))
    mail = Outgoing(me, me, *words, unsubscribe_url=url, footer=footer)
    try:
        with smtp.Line(smtp_account(mailbox)) as line:
            went = smtp.send(line, smtp.Envelope(address, address, render(mail, loopback=True)))
        if not isinstance(went, Accepted):
            return asdict(Finding("DKIM", "bad", f"The mail to yourself did not leave: {went.text}"))
        raw = _arrived(mailbox, message_id)
    except MailboxTrouble as error:
        return asdict(Finding("DKIM", "bad", f"The mail to yourself could not be looked for: {error}"))
    if raw is None:
        return asdict(Finding("DKIM", "warn", "The mail to yourself has not arrived yet: look again later."))
    return signature(raw, address)


def _arrived(mailbox: Mailbox, message_id: str) -> bytes | None:
    until = time.monotonic() + PATIENCE
    with imap.connect(imap_account(mailbox)) as session:
        while time.monotonic() < until:
            for folder in session.folders():
                if folder.role == Role.SENT:
                    continue
                session.state(folder)
                for uid in session.search(["HEADER", "Message-ID", message_id])[-1:]:
                    body = session.body(uid, 65_536)
                    if body is not None:
                        return body.content
            time.sleep(1)
    return None
