"""What the pages of a campaign show: where its leads are, what came of it, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils import timezone

from campaigns.facts import Facts
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Verdict
from campaigns.prices import Estimate, Planned, dollars, estimate
from campaigns.prompting import Stage as PromptStage
from campaigns.prompting import prompt_for
from campaigns.queries import results
from campaigns.reachability import NO_MAIL
from campaigns.readiness import Need, Place, needs, voices
from leads.models import Label, Lead, Standing
from mailbox.models import Delivery
from paitho.navigation import Check, route

SHOWN = 50
PLACES = {
    Place.KEYCHAIN: "keychain:list",
    Place.MAILBOXES: "mailbox:list",
    Place.LEADS: "leads:upload",
    Place.SETTINGS: "accounts:workspace",
    Place.LOOK: "accounts:workspace",
}
WORKING = [Stage.ENROLLED, Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING]


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list."""

    campaign: Campaign
    leads: int
    in_review: int
    sent: int
    replied: int


def rows() -> list[Row]:
    """Every campaign, the latest first, with its figures in two queries."""
    stages = (
        Campaign.objects.annotate(
            leads=Count("enrollments"),
            in_review=Count("enrollments", filter=Q(enrollments__stage=Stage.IN_REVIEW)),
            replied=Count("enrollments", filter=Q(enrollments__stop_reason="replied")),
        )
        .select_related("writer", "auditor")
        .order_by("-created_at")
    )
    sent = dict(
        Draft.objects.filter(message__delivery=Delivery.SENT)
        .values_list("enrollment__campaign")
        .annotate(number=Count("pk"))
    )
    return [Row(each, each.leads, each.in_review, sent.get(each.pk, 0), each.replied) for each in stages]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the calls cost, in dollars as words; `unpriced` calls have no known price."""

    spent: str
    budget: str
    per_mail: str
    per_reply: str
    calls: int
    unpriced: int

    @property
    def note(self) -> str:
        """What stands below the sum."""
        parts = [
            f"of {self.budget}" if self.budget else "",
            f"{self.unpriced:,} calls without a known price" if self.unpriced else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign is: what `parts/progress.html` draws."""

    stages: list[tuple[str, int]]
    places: list[tuple[str, int, str]]
    working: int
    total: int
    results: list[tuple[str, int, str]]
    cost: Cost
    in_review: int
    failed: int

    @property
    def done(self) -> int:
        return self.total - self.working


def progress(campaign: Campaign) -> Progress:
    counts = dict(campaign.enrollments.values_list("stage").annotate(number=Count("pk")))
    total = sum(counts.values())
    sent, people = campaign_mails(campaign, Delivery.SENT), results.people(campaign)
    return Progress(
        stages=funnel(campaign, total, people["replied"]),
        places=[(stage.label, counts[stage], tone) for stage, tone in TONES if counts.get(stage)],
        working=sum(counts.get(stage, 0) for stage in WORKING),
        total=total,
        results=[
            ("Sent", sent, ""),
            ("Replied", people["replied"], "good"),
            ("Positive", people["positive"], "good"),
            ("Bounced", people["bounced"], "bad"),
            ("Opted out", people["opted_out"], "warn"),
        ],
        cost=cost_of(campaign, sent, people["replied"]),
        in_review=counts.get(Stage.IN_REVIEW, 0),
        failed=counts.get(Stage.FAILED, 0),
    )


TONES = [
    (Stage.ENROLLED, "idle"),
    (Stage.QUALIFYING, "busy"),
    (Stage.DRAFTING, "busy"),
    (Stage.AUDITING, "busy"),
    (Stage.IN_REVIEW, "info"),
    (Stage.SCHEDULED, "info"),
    (Stage.SENDING, "busy"),
    (Stage.SENT, "good"),
    (Stage.UNCERTAIN, "warn"),
    (Stage.DISQUALIFIED, "idle"),
    (Stage.STOPPED, "idle"),
    (Stage.FAILED, "bad"),
]


def funnel(campaign: Campaign, total: int, replied: int) -> list[tuple[str, int]]:
    """From the leads to the answers, each counted once at the first step."""
    first = Draft.objects.filter(enrollment__campaign=campaign, step=1)
    figures = first.aggregate(
        drafted=Count("enrollment", distinct=True),
        approved=Count("enrollment", distinct=True, filter=Q(verdict=Verdict.APPROVED)),
        sent=Count("enrollment", distinct=True, filter=Q(message__delivery=Delivery.SENT)),
    )
    fit = campaign.enrollments.filter(fit__in=["yes", "unsure"]).count()
    return [
        ("Leads", total),
        ("Fit", fit),
        ("Drafted", figures["drafted"]),
        ("Approved", figures["approved"]),
        ("Sent", figures["sent"]),
        ("Replied", replied),
    ]


def campaign_mails(campaign: Campaign, delivery: Delivery) -> int:
    return Draft.objects.filter(enrollment__campaign=campaign, message__delivery=delivery).count()


def cost_of(campaign: Campaign, sent: int, replied: int) -> Cost:
    runs = StageRun.objects.filter(campaign=campaign).aggregate(
        spent=Sum("cost_micros"), calls=Count("pk"), unpriced=Count("pk", filter=Q(cost_micros=None))
    )
    spent, budget = Decimal(runs["spent"] or 0), campaign.budget_micros
    return Cost(
        spent=dollars(spent),
        budget=dollars(Decimal(budget)) if budget is not None else "",
        per_mail=dollars(spent / sent) if sent else "",
        per_reply=dollars(spent / replied) if replied else "",
        calls=runs["calls"],
        unpriced=runs["unpriced"],
    )


def checklist(campaign: Campaign) -> list[Check]:
    """What a launch needs, with the page on which each can be put right; then what would be better."""
    return [_check(campaign, need) for need in needs(campaign)]


def _check(campaign: Campaign, need: Need) -> Check:
    if need.is_met:
        return Check("good", need.title)
    if need.place is Place.LOOK and need.is_advice:
        return Check("idle" if need.is_unknown else "warn", need.sentence, url=NO_MAIL, action="Open")
    tone = "warn" if need.is_advice else "bad"
    tone, action = ("idle", "Check") if need.is_unknown else (tone, "Put right")
    return Check(tone, need.sentence, url=_place(campaign, need), action=action)


def _place(campaign: Campaign, need: Need) -> str:
    if need.mailbox is not None:
        return reverse("mailbox:deliverability", args=[need.mailbox])
    if need.place in PLACES:
        return route(PLACES[need.place])
    return reverse("campaigns:setup", args=[campaign.pk, need.place.value])


def audience(wanted: dict[str, Any]) -> QuerySet[Lead]:
    """The leads that an audience names and that may be written to."""
    leads = Lead.objects.filter(standing=Standing.OPEN)
    label = wanted.get("label")
    return leads.filter(labels=label) if label else leads


def audience_size(wanted: dict[str, Any]) -> int:
    return audience(wanted).count()


def audience_sizes() -> list[tuple[str, int]]:
    """How many leads each choice of an audience holds now."""
    labels = Label.objects.annotate(number=Count("leads", filter=Q(leads__standing=Standing.OPEN)))
    rows = [(f"{label.get_kind_display()}: {label.name}", label.number) for label in labels]
    return [("Every lead that may be written to", audience_size({})), *rows]


def estimated(campaign: Campaign, leads: int) -> Estimate:
    """What the first mails cost at most, with every lead fit and every answer as long as it may be."""
    facts = Facts(lead=_typical(), brief=tuple(str(campaign.brief.get("offer", "")).splitlines()))
    pairs = voices(campaign)
    if not pairs:
        return Estimate(Decimal(0), 0, 0, ())
    writer, auditor = pairs[0], pairs[-1]
    plans = [
        Planned(*voice, prompt=f"{prompt.system}{prompt.user}", answer=answer, calls=leads)
        for voice, stage, answer in (
            (writer, PromptStage.QUALIFY, 200),
            (writer, PromptStage.DRAFT, 700),
            (auditor, PromptStage.AUDIT, 400),
        )
        for prompt in [prompt_for(stage, facts)]
    ]
    return estimate(plans, on=timezone.localdate())


def _typical() -> dict[str, str]:
    """The profile of one lead, whose size stands for the others."""
    lead = Lead.objects.first()
    profile = dict(lead.profile) if lead else {}
    custom = profile.pop("custom", None) or {}
    return {name: str(value) for name, value in [*profile.items(), *custom.items()]}


def enrollments(campaign: Campaign, stage: str, before: UUID | None) -> list[Enrollment]:
    """The campaign's leads, the latest first, in one stage or in all: a page and one more."""
    latest = Draft.objects.filter(enrollment=OuterRef("pk")).order_by("-step", "-version").values("pk")[:1]
    leads = campaign.enrollments.select_related("lead").annotate(draft_id=Subquery(latest))
    found = leads.order_by("-pk")
    if stage in Stage.values:
        found = found.filter(stage=stage)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found[: SHOWN + 1])


def is_live(campaign: Campaign) -> bool:
    """Whether the figures change by themselves."""
    return campaign.status == Status.RUNNING
