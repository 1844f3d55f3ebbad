"""Approval: bound to the exact subject, body, recipient and sender; a change of any of them voids it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import WorkspaceProfile
from audit.actions import record, record_many
from audit.actors import Actor
from audit.events import Event
from campaigns.asking import facts_of, mailbox_of, text_of
from campaigns.checks import Finding, check
from campaigns.errors import CampaignError, MovedMeanwhile
from campaigns.models import Campaign, Draft, Enrollment, Stage, Verdict
from campaigns.revising import kept_claims, kept_findings
from campaigns.schedule import window
from campaigns.stages import advance, move
from keychain.index import blind_index
from mailbox.headers import CannotRender
from mailbox.models import Delivery, Direction, Mailbox, Message, Thread
from mailbox.outgoing import Content, Prepared, prepare
from tenants import bells
from tenants.binding import current
from tenants.directory import origin_of

CHUNK = 100
APPROVAL = ["verdict", "approved_hash", "approved_by", "approved_at", "message"]
ADVANCED = ["stage", "thread", "lease_until", "attempts", "problem"]


class NotApprovable(CampaignError):
    """The draft cannot be approved as it is."""


def fingerprint(subject: str, body: str, recipient: str, sender: str) -> bytes:
    """SHA-256 of what a person approves."""
    exact = json.dumps([subject, body, recipient, sender], ensure_ascii=False)
    return hashlib.sha256(exact.encode()).digest()


@dataclass(frozen=True, slots=True)
class Approved:
    """What came of approving several: the scheduled mails, and a sentence for each draft that stays."""

    messages: list[Message]
    refused: dict[UUID, str]


def approve(draft: Draft, *, by: Actor, seen: bytes | None = None) -> Message:
    """Approve the draft as it stands and schedule its mail.

    `seen` is the fingerprint of what the person was shown; another text by now raises `MovedMeanwhile`.
    """
    with transaction.atomic():
        found = _locked([draft.pk])
        if not found:
            raise MovedMeanwhile
        case = found[0]
        if seen is not None and seen != case.approved:
            raise MovedMeanwhile
        desk = Desk()
        message = desk.mail(case)
        desk.settle([(case, message)], by)
    return message


def approve_many(ids: Sequence[UUID], *, by: Actor) -> Approved:
    """Approve each of these drafts that is still in review; one transaction per chunk.

    A draft that cannot become a mail stays in review with its reason, and stops no other.
    """
    done = Approved([], {})
    for at in range(0, len(ids), CHUNK):
        _approve_chunk(ids[at : at + CHUNK], by, done)
    return done


@transaction.atomic
def _approve_chunk(ids: Sequence[UUID], by: Actor, done: Approved) -> None:
    desk = Desk()
    pairs: list[tuple[Case, Message]] = []
    for case in _locked(ids):
        try:
            pairs.append((case, desk.mail(case)))
        except NotApprovable as error:
            done.refused[case.draft.pk] = str(error)
    desk.settle(pairs, by)
    done.messages.extend(message for _, message in pairs)


@dataclass(frozen=True, slots=True)
class Case:
    """A draft in review, locked with its enrollment, and the fingerprint of what would be sent."""

    draft: Draft
    enrollment: Enrollment
    mailbox: Mailbox | None
    approved: bytes


def _locked(ids: Sequence[UUID]) -> list[Case]:
    """Those of the drafts that are in review; nobody else moves them, or their leads, until we commit."""
    rows = Draft.objects.select_for_update(of=("self", "enrollment")).filter(
        pk__in=ids, verdict=Verdict.IN_REVIEW, enrollment__stage=Stage.IN_REVIEW
    )
    related = rows.select_related("enrollment__campaign", "enrollment__lead", "enrollment__thread__mailbox")
    return [case_of(draft) for draft in related.prefetch_related("enrollment__campaign__mailboxes")]


def case_of(draft: Draft) -> Case:
    """The draft as it would be approved now."""
    enrollment = draft.enrollment
    mailbox = mailbox_of(enrollment)
    sender = str(mailbox.address) if mailbox else ""
    recipient = str(enrollment.lead.profile["email"])
    return Case(draft, enrollment, mailbox, fingerprint(draft.subject, draft.body, recipient, sender))


class Desk:
    """Turns approved drafts into mail; what they share is looked up once."""

    def __init__(self) -> None:
        self.postal_address = postal_address()
        self.origin = origin_of(current())
        self.blind = blind_index()

    def mail(self, case: Case) -> Message:
        """The message's row, unsaved, with its exact bytes. Raises `NotApprovable`."""
        if case.mailbox is None:
            raise NotApprovable("The campaign has no mailbox to send from. Add one, then approve.")
        if not self.postal_address:
            raise NotApprovable("Enter the workspace's postal address first: each mail has to show it.")
        enrollment = case.enrollment
        thread = enrollment.thread or Thread(mailbox=case.mailbox, lead=enrollment.lead)
        token = secrets.token_urlsafe(32)
        content = Content(
            subject=case.draft.subject,
            text=case.draft.body,
            recipient_name=recipient_name(enrollment.lead.profile),
            recipient_address=enrollment.lead.profile["email"],
            opt_out_url=f"{self.origin}/o/{token}",
            postal_address=self.postal_address,
        )
        try:
            prepared = prepare(thread, content, None if enrollment.thread else [])
        except CannotRender as error:
            raise NotApprovable(str(error)) from error
        return self._row(case, prepared, thread, token)

    def _row(self, case: Case, prepared: Prepared, thread: Thread, token: str) -> Message:
        profile = case.enrollment.lead.profile
        opens, closes = window(timezone.now(), case.enrollment.campaign.schedule, profile.get("timezone"))
        return Message(
            id=prepared.uid,
            thread=thread,
            mailbox=thread.mailbox,
            direction=Direction.OUT,
            delivery=Delivery.SCHEDULED,
            message_id=prepared.message_id,
            subject=prepared.subject,
            body=case.draft.body,
            raw=prepared.raw,
            approved_hash=case.approved,
            opt_out_hash=hashlib.sha256(token.encode()).digest(),
            recipient_index=self.blind.email(profile["email"]),
            recipient_domain_index=self.blind.domain(profile["email"]),
            due_at=opens,
            closes_at=closes,
        )

    def settle(self, pairs: list[tuple[Case, Message]], by: Actor) -> None:
        """Write the mails and move what they are about, in a handful of statements."""
        if not pairs:
            return
        Thread.objects.bulk_create(
            [message.thread for case, message in pairs if case.enrollment.thread is None]
        )
        for _, message in pairs:
            message.approved_by = by.id
        Message.objects.bulk_create([message for _, message in pairs])
        now = timezone.now()
        for case, message in pairs:
            draft, enrollment = case.draft, case.enrollment
            draft.verdict, draft.approved_hash, draft.message = Verdict.APPROVED, case.approved, message
            draft.approved_by, draft.approved_at = by.id, now
            advance(enrollment, Stage.APPROVED, Stage.SCHEDULED)
            enrollment.thread = message.thread
        Draft.objects.bulk_update([case.draft for case, _ in pairs], APPROVAL)
        Enrollment.objects.bulk_update([case.enrollment for case, _ in pairs], ADVANCED)
        record_many(
            Event.DRAFT_APPROVED,
            by=by,
            about=[(case.draft, {"sha256": case.approved.hex()}) for case, _ in pairs],
        )
        bells.ring("send", at=min(message.due_at or now for _, message in pairs))


def recipient_name(profile: Mapping[str, Any]) -> str:
    return " ".join(filter(None, [profile.get("first_name"), profile.get("last_name")]))


def due_for(campaign: Campaign, recipient_zone: str | None) -> datetime:
    """The first moment in the campaign's sending window."""
    return window(timezone.now(), campaign.schedule, recipient_zone)[0]


def postal_address() -> str:
    profile = WorkspaceProfile.objects.first()
    return profile.postal_address.strip() if profile else ""


@transaction.atomic
def edit(draft: Draft, *, subject: str, body: str, by: Actor, seen: bytes | None = None) -> Draft:
    """Change the text; an approval of the old text is void and its mail will not go.

    Raises `MovedMeanwhile` when the mail is on its way or gone, or the text is not the one that was `seen`.
    """
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    _refuse_unseen(draft, seen)
    enrollment = draft.enrollment
    if draft.verdict == Verdict.APPROVED:
        _withdraw(draft, enrollment)
    elif draft.verdict != Verdict.IN_REVIEW:
        raise MovedMeanwhile
    still = _rewrite(draft, subject, body, by)
    draft.is_clean, draft.verdict = False, Verdict.IN_REVIEW
    draft.approved_hash = draft.approved_by = draft.approved_at = draft.message = None
    found = sorted({*still, *check(text_of(draft), facts_of(enrollment))})
    draft.findings = [asdict(finding) for finding in found]
    draft.save()
    record(Event.DRAFT_EDITED, by=by, about=draft)
    return draft


def _rewrite(draft: Draft, subject: str, body: str, by: Actor) -> list[Finding]:
    """Put the new text in place and keep the first one beside it; the findings that still hold."""
    draft.written = draft.written or {"subject": draft.subject, "body": draft.body}
    still = kept_findings(draft.body, draft.findings, body)
    draft.sentences = kept_claims(draft.body, draft.sentences, body)
    draft.subject, draft.body, draft.edited_by = subject, body, by.id
    return still


def _refuse_unseen(draft: Draft, seen: bytes | None) -> None:
    if seen is not None and seen != case_of(draft).approved:
        raise MovedMeanwhile


def _withdraw(draft: Draft, enrollment: Enrollment) -> None:
    waiting = Message.objects.filter(draft=draft, delivery=Delivery.SCHEDULED)
    if not waiting.update(delivery=Delivery.CANCELLED):
        raise MovedMeanwhile
    move(enrollment, Stage.IN_REVIEW)


@transaction.atomic
def reject(draft: Draft, *, by: Actor, note: str = "", seen: bytes | None = None) -> None:
    """Not this text. With a note the writer tries again with it in mind; without one the lead is stopped."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    _refuse_unseen(draft, seen)
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
