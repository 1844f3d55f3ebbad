"""Approval: bound to the exact subject, body, recipient and sender; a change of any of them voids it."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import WorkspaceProfile
from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.asking import mailbox_of
from campaigns.errors import CampaignError, MovedMeanwhile
from campaigns.models import Campaign, Draft, Enrollment, Stage, Verdict
from campaigns.schedule import next_window
from campaigns.stages import move
from keychain.index import blind_index
from mailbox.models import Delivery, Direction, Mailbox, Message, Thread
from mailbox.outgoing import Content, prepare
from tenants import bells


class NotApprovable(CampaignError):
    """The draft cannot be approved as it is."""


def fingerprint(subject: str, body: str, recipient: str, sender: str) -> bytes:
    """SHA-256 of what a person approves."""
    exact = json.dumps([subject, body, recipient, sender], ensure_ascii=False)
    return hashlib.sha256(exact.encode()).digest()


@transaction.atomic
def approve(draft: Draft, *, by: Actor, seen: bytes | None = None) -> Message:
    """Approve the draft as it stands and schedule its mail.

    `seen` is the fingerprint of what the person was shown; another text by now raises `MovedMeanwhile`.
    """
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    enrollment = Enrollment.objects.select_related("campaign", "lead", "thread__mailbox").get(
        pk=draft.enrollment_id
    )
    if draft.verdict != Verdict.IN_REVIEW:
        raise MovedMeanwhile
    mailbox = mailbox_of(enrollment)
    if mailbox is None:
        raise NotApprovable("The campaign has no mailbox to send from. Add one, then approve.")
    approved = fingerprint_of(draft, enrollment, mailbox)
    if seen is not None and seen != approved:
        raise MovedMeanwhile
    move(enrollment, Stage.APPROVED)
    message = _schedule(draft, enrollment, mailbox, approved)
    draft.verdict, draft.approved_hash = Verdict.APPROVED, approved
    draft.approved_by, draft.approved_at, draft.message = by.id, timezone.now(), message
    draft.save(update_fields=["verdict", "approved_hash", "approved_by", "approved_at", "message"])
    move(enrollment, Stage.SCHEDULED, thread=message.thread)
    record(Event.DRAFT_APPROVED, by=by, about=draft, sha256=approved.hex())
    bells.ring("send", at=message.due_at)
    return message


def fingerprint_of(draft: Draft, enrollment: Enrollment, mailbox: Mailbox) -> bytes:
    recipient = str(enrollment.lead.profile["email"])
    return fingerprint(draft.subject, draft.body, recipient, str(mailbox.address))


def _schedule(draft: Draft, enrollment: Enrollment, mailbox: Mailbox, approved: bytes) -> Message:
    """The message's row, with its exact bytes, before it is a message."""
    thread = enrollment.thread or Thread(mailbox=mailbox, lead=enrollment.lead)
    if enrollment.thread is None:
        thread.save(force_insert=True)
    profile = enrollment.lead.profile
    token = secrets.token_urlsafe(32)
    content = Content(
        subject=draft.subject,
        text=draft.body,
        recipient_name=" ".join(filter(None, [profile.get("first_name"), profile.get("last_name")])),
        recipient_address=profile["email"],
        opt_out_token=token,
        postal_address=_postal_address(),
    )
    prepared = prepare(thread, content)
    blind = blind_index()
    message = Message(
        thread=thread,
        mailbox=mailbox,
        direction=Direction.OUT,
        delivery=Delivery.SCHEDULED,
        message_id=prepared.message_id,
        subject=prepared.subject,
        body=draft.body,
        raw=prepared.raw,
        approved_hash=approved,
        opt_out_hash=hashlib.sha256(token.encode()).digest(),
        recipient_index=blind.email(profile["email"]),
        recipient_domain_index=blind.domain(profile["email"]),
        due_at=due_for(enrollment.campaign, profile.get("timezone")),
        id=prepared.uid,
    )
    message.save(force_insert=True)
    return message


def due_for(campaign: Campaign, recipient_zone: str | None) -> datetime:
    """The first moment in the campaign's sending window."""
    return next_window(timezone.now(), campaign.schedule, recipient_zone)


def _postal_address() -> str:
    profile = WorkspaceProfile.objects.first()
    if profile is None or not profile.postal_address.strip():
        raise NotApprovable("Enter the workspace's postal address first: each mail has to show it.")
    return profile.postal_address


@transaction.atomic
def edit(draft: Draft, *, subject: str, body: str, by: Actor) -> Draft:
    """Change the text; an approval of the old text is void and its mail will not go.

    Raises `MovedMeanwhile` when the mail is on its way or gone.
    """
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    enrollment = draft.enrollment
    if draft.verdict == Verdict.APPROVED:
        _withdraw(draft, enrollment)
    elif draft.verdict != Verdict.IN_REVIEW:
        raise MovedMeanwhile
    draft.subject, draft.body = subject, body
    draft.sentences, draft.is_clean, draft.verdict = [], False, Verdict.IN_REVIEW
    draft.approved_hash = draft.approved_by = draft.approved_at = draft.message = None
    draft.save()
    record(Event.DRAFT_EDITED, by=by, about=draft)
    return draft


def _withdraw(draft: Draft, enrollment: Enrollment) -> None:
    waiting = Message.objects.filter(draft=draft, delivery=Delivery.SCHEDULED)
    if not waiting.update(delivery=Delivery.CANCELLED):
        raise MovedMeanwhile
    move(enrollment, Stage.IN_REVIEW)


@transaction.atomic
def reject(draft: Draft, *, by: Actor, note: str = "") -> None:
    """Not this text. With a note the writer tries again with it in mind; without one the lead is stopped."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.verdict != Verdict.IN_REVIEW:
        raise MovedMeanwhile
    draft.verdict, draft.note = Verdict.REJECTED, note or None
    draft.save(update_fields=["verdict", "note"])
    if note:
        move(draft.enrollment, Stage.DRAFTING, due_at=timezone.now())
        bells.ring("pipeline")
    else:
        move(draft.enrollment, Stage.STOPPED, stop_reason="rejected")
    record(Event.DRAFT_REJECTED, by=by, about=draft, again=bool(note))
