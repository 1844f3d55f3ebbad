"""Mail that Paitho itself sends: verification, reset, invitation, notices. Never to a prospect."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from accounts.errors import MailNotSent
from accounts.models import WorkspaceProfile
from tenants import binding, directory

Guard = Callable[[str], str]


def send(template: str, to: str, *, headers: dict[str, str] | None = None, **context: Any) -> None:
    """Render `<template>_subject.txt`, `_message.txt` and `_message.html`, and send them to one address.

    Raises `MailNotSent`. Call it outside a transaction: it waits for a mail server.
    """
    words = surroundings() | context
    subject = " ".join(render_to_string(f"{template}_subject.txt", words).split())
    text = render_to_string(f"{template}_message.txt", words).strip() + "\n"
    message = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    message.attach_alternative(render_to_string(f"{template}_message.html", words), "text/html")
    deliver(message)


def surroundings() -> dict[str, Any]:
    """What the footer of each mail names: the workspace that it is about, if it is about one."""
    if not binding.is_bound():
        return {"current_site": {"domain": settings.APEX.netloc}}
    profile = WorkspaceProfile.objects.first()
    host = directory.origin_of(binding.current()).partition("://")[2]
    return {"shell": {"workspace": profile.name if profile else ""}, "current_site": {"domain": host}}


def deliver(message: EmailMessage) -> None:
    """Hand a rendered message over, if every guard lets its recipients pass. Raises `MailNotSent`."""
    for address in message.recipients():
        refuse_if_guarded(parseaddr(address)[1])
    with_html(message)
    message.extra_headers.setdefault("Auto-Submitted", "auto-generated")
    try:
        message.send()
    except (OSError, smtplib.SMTPException, AnymailError) as error:
        raise MailNotSent("The message could not be sent just now. Try again in a few minutes.") from error


def with_html(message: EmailMessage) -> None:
    """Give a mail of plain text the same words as HTML; a link alone in its line becomes a link."""
    if not isinstance(message, EmailMultiAlternatives) or message.alternatives:
        return
    words = str(message.body).partition("\n--\n")[0].strip()
    context = surroundings() | {"subject": message.subject, "text": words}
    message.attach_alternative(render_to_string("accounts/email/notice_message.html", context), "text/html")


def refuse_if_guarded(address: str) -> None:
    """Ask each of `settings.NOTICE_GUARDS`: a function of an address that answers why not, or nothing."""
    if not binding.is_bound():
        return
    for path in settings.NOTICE_GUARDS:
        guard: Guard = import_string(path)
        reason = guard(address)
        if reason:
            raise MailNotSent(reason)
