"""What the review queue shows: which drafts wait, and one of them beside what it rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from accounts.models import Member
from campaigns.approval import Case, case_of, due_for, postal_address, recipient_name
from campaigns.asking import facts_of
from campaigns.models import Campaign, Draft, Verdict
from campaigns.queries.sentences import Row, above, rows
from campaigns.readiness import asks_a_model
from campaigns.revising import Change, changes
from mailbox.headers import CannotRender
from mailbox.outgoing import Content, Preview, earlier_in, preview
from paitho.lib.ids import as_uuid
from tenants.binding import current
from tenants.directory import origin_of

SHOWN = 50
AT_ONCE = 500  # drafts that one confirmation approves


@dataclass(frozen=True, slots=True)
class Filter:
    """Which part of the queue somebody works through."""

    campaign: UUID | None = None
    only: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filter:
        only = query.get("only", "")
        return cls(as_uuid(query.get("campaign", "")), only if only in {"clean", "flagged"} else "")

    @property
    def query(self) -> str:
        """The same filter in an address, with its question mark; empty for the whole queue."""
        pairs = {"campaign": str(self.campaign or ""), "only": self.only}
        chosen = urlencode({name: value for name, value in pairs.items() if value})
        return f"?{chosen}" if chosen else ""

    def drafts(self) -> QuerySet[Draft]:
        found = Draft.objects.filter(verdict=Verdict.IN_REVIEW)
        if self.campaign is not None:
            found = found.filter(enrollment__campaign=self.campaign)
        if self.only:
            found = found.filter(is_clean=self.only == "clean")
        return found.order_by("created_at", "pk")


@dataclass(frozen=True, slots=True)
class Figures:
    all: int
    clean: int

    @property
    def flagged(self) -> int:
        return self.all - self.clean


def figures(wanted: Filter) -> Figures:
    whole = Filter(wanted.campaign).drafts().order_by()
    found = whole.aggregate(all=Count("pk"), clean=Count("pk", filter=Q(is_clean=True)))
    return Figures(found["all"], found["clean"])


def page(wanted: Filter, after: str) -> list[Draft]:
    """Drafts of the queue, oldest first, from the one after `after`: a page and one more."""
    found = wanted.drafts().select_related("enrollment__lead", "enrollment__campaign")
    place = as_uuid(after)
    last = Draft.objects.filter(pk=place).first() if place else None
    if last is not None:
        found = found.filter(_later_than(last))
    return list(found[: SHOWN + 1])


def campaigns_in_review() -> list[Campaign]:
    waiting = Draft.objects.filter(verdict=Verdict.IN_REVIEW).values("enrollment__campaign")
    return list(Campaign.objects.filter(pk__in=waiting).only("pk", "name").order_by("name"))


def _later_than(draft: Draft) -> Q:
    return Q(created_at__gt=draft.created_at) | Q(created_at=draft.created_at, pk__gt=draft.pk)


def following(draft: Draft, wanted: Filter) -> Draft | None:
    """The next draft of the queue, or its first one when this was the last."""
    queue = wanted.drafts().exclude(pk=draft.pk)
    return queue.filter(_later_than(draft)).first() or queue.first()


def preceding(draft: Draft, wanted: Filter) -> Draft | None:
    earlier = Q(created_at__lt=draft.created_at) | Q(created_at=draft.created_at, pk__lt=draft.pk)
    return wanted.drafts().filter(earlier).last()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One draft as a person decides about it."""

    draft: Draft
    case: Case
    profile: dict[str, Any]
    rows: list[Row]
    above: list[dict[str, Any]]
    mail: Preview | None
    refusal: str
    is_sandbox: bool
    place: Place
    editor: str = ""
    approver: str = ""
    changed: Changed | None = None
    due_at: Any = field(default=None)

    @property
    def is_open(self) -> bool:
        return self.draft.verdict == Verdict.IN_REVIEW

    @property
    def seen(self) -> str:
        """The fingerprint of what is shown, which comes back with the decision."""
        return self.case.approved.hex()

    @property
    def fingerprint(self) -> str:
        """Of what was approved: the sent record and the audit line hold the same."""
        return bytes(self.draft.approved_hash or b"").hex()

    @property
    def campaign(self) -> Campaign:
        return self.case.enrollment.campaign

    @property
    def recipient(self) -> str:
        name = recipient_name(self.profile)
        return f"{name} <{self.profile['email']}>" if name else str(self.profile["email"])

    @property
    def sender(self) -> str:
        mailbox = self.case.mailbox
        return f"{mailbox.sender_name} <{mailbox.address}>" if mailbox else "no mailbox"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a person or a second attempt changed; `since` says of which text."""

    since: str
    subject: list[Change]
    body: list[Change]


def _changed(draft: Draft) -> Changed | None:
    """The text beside what the model wrote; or, written again, beside the version before."""
    if draft.written:
        before, since = draft.written, "since the model wrote it"
    else:
        earlier = [each for each in draft.enrollment.drafts.all() if _is_earlier(each, draft)]
        if not earlier:
            return None
        last = max(earlier, key=lambda each: each.version)
        before, since = {"subject": last.subject, "body": last.body}, f"since version {last.version}"
    subject, body = changes(before["subject"], draft.subject), changes(before["body"], draft.body)
    return Changed(since, subject, body)


def _is_earlier(other: Draft, draft: Draft) -> bool:
    return other.step == draft.step and other.version < draft.version


def _name_of(member_id: UUID | None) -> str:
    member = Member.objects.filter(pk=member_id).first() if member_id else None
    return member.name if member else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the draft stands in the queue."""

    number: int
    total: int
    previous: Draft | None
    next: Draft | None


def with_everything() -> QuerySet[Draft]:
    """Drafts with the rows that a sheet reads."""
    related = Draft.objects.select_related(
        "enrollment__campaign__writer",
        "enrollment__campaign__auditor",
        "enrollment__lead",
        "enrollment__thread__mailbox",
    )
    return related.prefetch_related(
        "enrollment__campaign__mailboxes", "enrollment__campaign__steps", "enrollment__drafts"
    )


def sheet(draft: Draft, wanted: Filter) -> Sheet:
    case = case_of(draft)
    named = facts_of(case.enrollment).named()
    mail, refusal = _mail(case)
    return Sheet(
        draft=draft,
        case=case,
        profile=case.enrollment.lead.profile,
        rows=rows(draft.body, draft.sentences, draft.findings, named),
        above=above(draft.body, draft.findings),
        mail=mail,
        refusal=refusal,
        is_sandbox=not asks_a_model(case.enrollment.campaign),
        place=_place(draft, wanted),
        editor=_name_of(draft.edited_by),
        approver=_name_of(draft.approved_by),
        changed=_changed(draft),
        due_at=due_for(case.enrollment.campaign, case.enrollment.lead.profile.get("timezone")),
    )


def _mail(case: Case) -> tuple[Preview | None, str]:
    """The exact words that would leave, or the sentence that says why they cannot."""
    profile = case.enrollment.lead.profile
    content = Content(
        subject=case.draft.subject,
        text=case.draft.body,
        recipient_name=recipient_name(profile),
        recipient_address=profile["email"],
        opt_out_url=f"{origin_of(current())}/o/…",
        postal_address=postal_address(),
    )
    thread = case.enrollment.thread
    try:
        return preview(content, earlier_in(thread) if thread else []), ""
    except CannotRender as error:
        return None, str(error)


def _place(draft: Draft, wanted: Filter) -> Place:
    queue = wanted.drafts()
    before = queue.filter(
        Q(created_at__lt=draft.created_at) | Q(created_at=draft.created_at, pk__lt=draft.pk)
    )
    later = queue.filter(_later_than(draft))
    return Place(before.count() + 1, queue.count(), before.last(), later.first())


def clean_ids(wanted: Filter) -> list[UUID]:
    """The clean drafts that one confirmation would approve, oldest first."""
    clean = Filter(wanted.campaign, "clean").drafts()
    return list(clean.values_list("pk", flat=True)[:AT_ONCE])


def digest(ids: Sequence[UUID]) -> str:
    """Stands for exactly these drafts; a clean draft cannot change its text and stay clean."""
    return hashlib.sha256(b"".join(each.bytes for each in sorted(ids))).hexdigest()
